"""The record of a mention."""

from __future__ import annotations

from dataclasses import dataclass

from services.core.domain.reading import Span

OFFICIAL, ROLE, PRONOUN, PLACE, SELF = "official", "role", "pronoun", "place", "self"


@dataclass(frozen=True, slots=True)
class Mention:
    """`kind` is one of gazetteer's kinds, or "official" (by office, named or not), "role", "pronoun".

    `role` is the lower-case head of an office or institution ("spokeswoman", "ministry"); `name` the words of a
    person who is not in the dossier. `former`: introduced as out of office.
    """

    span: Span
    actor: str | None
    person: str | None
    kind: str
    role: str | None = None
    name: str | None = None
    former: bool = False
