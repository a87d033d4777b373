"""The words every dossier shares: stances, voices, precisions, PLOVER types.

What differs from dossier to dossier (actors, propositions, event kinds) is data, see `dossier.py`.
"""

from __future__ import annotations

from enum import StrEnum


class Stance(StrEnum):
    """Where an actor stands on a proposition."""

    SUPPORTS = "supports"
    OPPOSES = "opposes"
    CONDITIONAL = "conditional"


class Voice(StrEnum):
    """How a position comes to us."""

    OWN = "own"  # in the actor's own quoted words
    REPORTED = "reported"  # paraphrased, or an act reported as such
    ADVERSARY = "adversary"  # told by an actor that it is in dispute with


class Precision(StrEnum):
    """How far a date is known; the date itself is cut to it (2019-08-02, 2019-08, 2019)."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    @classmethod
    def of(cls, date: str) -> Precision:
        """The precision of an ISO 8601 date cut to it. Raises ValueError for any other length."""
        try:
            return {4: cls.YEAR, 7: cls.MONTH, 10: cls.DAY}[len(date)]
        except KeyError:
            raise ValueError(f"not a date cut to day, month or year: {date!r}") from None


class Status(StrEnum):
    """Whether a political event happened or was only announced for later."""

    ACTUAL = "actual"
    PLANNED = "planned"


class DateBasis(StrEnum):
    """How an article's own date is known."""

    GIVEN = "given"
    DATELINE = "dateline"
    TEXT = "text"
    UNKNOWN = "unknown"


class PloverType(StrEnum):
    """Event types of PLOVER (Political Language Ontology for Verifiable Event Records)."""

    AGREE = "AGREE"
    CONSULT = "CONSULT"
    SUPPORT = "SUPPORT"
    CONCEDE = "CONCEDE"
    COOPERATE = "COOPERATE"
    AID = "AID"
    RETREAT = "RETREAT"
    REQUEST = "REQUEST"
    ACCUSE = "ACCUSE"
    REJECT = "REJECT"
    THREATEN = "THREATEN"
    PROTEST = "PROTEST"
    SANCTION = "SANCTION"
    MOBILIZE = "MOBILIZE"
    COERCE = "COERCE"
    ASSAULT = "ASSAULT"
