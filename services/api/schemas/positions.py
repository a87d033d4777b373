"""Where actors stand, what told so, and how that changes."""

from __future__ import annotations

from typing import Literal

from services.api.schemas.parts import Answer, Counts, Page, Review, RulingShown, Told


class StatedShown(Told):
    stance: Literal["supports", "opposes", "conditional"]
    date: str
    voice: Literal["own", "reported", "adversary"]
    condition: str | None
    review: Review | None


class Alternative(Answer):
    """What else was told about the same day."""

    stance: Literal["supports", "opposes", "conditional"]
    counts: Counts
    evidence: list[StatedShown]


class PositionShown(Answer):
    id: str
    dossier: str
    actor: str
    proposition: str
    stance: Literal["supports", "opposes", "conditional"]
    condition: str | None
    contested: bool
    since: str
    last_stated: str
    voice: Literal["own", "reported", "adversary"]
    counts: Counts
    review: Review | None
    evidence: list[StatedShown]
    alternatives: list[Alternative]


class PositionChange(PositionShown):
    """Data of the stream's `position.changed`."""

    version: int
    cause: str


class PositionGone(Answer):
    """Data of `position.changed` where nothing is left that states one."""

    id: str
    dossier: str
    actor: str
    proposition: str
    stance: None
    version: int
    cause: str


class PositionPage(Page):
    data: list[PositionShown]


class ChangeOfStance(Answer):
    stance: Literal["supports", "opposes", "conditional"]
    condition: str | None
    contested: bool
    since: str
    last_stated: str
    voice: Literal["own", "reported", "adversary"]
    counts: Counts
    review: Review | None
    evidence: list[StatedShown]


class PositionHistory(Page):
    actor: str
    proposition: str
    data: list[ChangeOfStance]
    rulings: list[RulingShown]
