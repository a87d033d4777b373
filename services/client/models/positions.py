"""Where actors stand on the questions in dispute, and who speaks for them."""

from __future__ import annotations

from pydantic import Field

from services.client.models.parts import Counts, Mention, Model, Review, Stance, Voice


class Statement(Mention):
    """One article's telling of a position."""

    stance: Stance
    date: str
    voice: Voice
    condition: str | None = None
    review: Review | None = None


class Alternative(Model):
    """What else was told about the same day."""

    stance: Stance
    counts: Counts
    evidence: list[Statement]


class _Standing(Model):
    stance: Stance
    condition: str | None = None
    contested: bool
    since: str
    last_stated: str
    voice: Voice
    counts: Counts
    evidence: list[Statement]
    review: Review | None = None


class Position(_Standing):
    """Where an actor stands on a question in dispute."""

    id: str
    dossier: str
    actor: str
    proposition: str
    alternatives: list[Alternative] = Field(default_factory=list)


class ChangeOfStance(_Standing):
    """Where an actor stood from `since` on."""


class Actor(Model):
    """An actor, and how much is known of it."""

    id: str
    name: str
    type: str
    entries: int
    positions: int


class Speaker(Model):
    """Who speaks for an actor, from when to when."""

    id: str
    name: str
    title: str
    start: str
    end: str | None = None


class ActorDetail(Actor):
    """An actor with its names and those who speak for it."""

    aliases: list[str]
    speakers: list[Speaker]
    position: int
