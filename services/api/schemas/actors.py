"""Actors, their names and those who speak for them."""

from __future__ import annotations

from services.api.schemas.parts import Answer, Page


class ActorShown(Answer):
    id: str
    name: str
    type: str
    entries: int
    positions: int


class ActorPage(Page):
    data: list[ActorShown]


class SpeakerShown(Answer):
    id: str
    name: str
    title: str
    start: str
    end: str | None


class ActorDetail(ActorShown):
    aliases: list[str]
    speakers: list[SpeakerShown]
    position: int
