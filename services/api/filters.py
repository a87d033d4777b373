"""The filters of the timeline, for lists (as SQL) and for the stream (over entries in memory)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from inspect import signature
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from psycopg import sql

from services.api.clocks import parse_range
from services.api.deps import DossierDep
from services.core.domain.dossier import Dossier
from services.core.domain.vocabulary import PloverType
from services.core.errors import FieldError, InvalidInput

Words = Annotated[list[str] | None, Query(max_length=50)]
Rows = Callable[[str], sql.Composable]  # which versions of a versioned table's alias count: `Clocks.rows`


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """Each filter given must hold; one given several times holds with any of its values."""

    dossier: str
    actor: frozenset[str] = frozenset()
    recipient: frozenset[str] = frozenset()
    speaker: frozenset[str] = frozenset()  # names as asked for
    person: frozenset[str] = frozenset()  # ids of the persons who bear them
    kind: frozenset[str] = frozenset()
    plover: frozenset[str] = frozenset()
    proposition: frozenset[str] = frozenset()
    outlet: frozenset[str] = frozenset()  # folded
    from_: dt.date | None = None
    to: dt.date | None = None
    status: str | None = None
    min_outlets: int = 0
    min_stories: int = 0
    q: str | None = None

    def where(self, rows: Rows, *, each: bool = False) -> list[sql.Composable]:
        """Conditions on `entries e`; `rows` says which versions of other tables count.

        `each`: that depends on the entry. Otherwise what tells of something is looked up once for all entries,
        by its index: words found entry by entry would be parsed again and again.
        """
        found: list[sql.Composable] = [_equals("e.dossier", self.dossier)]
        for column, values in (
            ("actors", self.actor),
            ("recipients", self.recipient),
            ("outlets", self.outlet),
        ):
            if values:
                found.append(
                    sql.SQL("e.{} && {}").format(sql.Identifier(column), sql.Literal(sorted(values)))
                )
        for column, values in (("kind", self.kind), ("plover", self.plover)):
            if values:
                found.append(
                    sql.SQL("e.{} = ANY({})").format(sql.Identifier(column), sql.Literal(sorted(values)))
                )
        # A coarse date is a period: it passes where the periods overlap.
        if self.from_:
            # No period is longer than a year or reaches over two: what begins in an earlier one has ended. It bounds the index.
            condition = "e.date_to >= {} AND e.date_from >= {}"
            found.append(sql.SQL(condition).format(self.from_, self.from_.replace(month=1, day=1)))
        if self.to:
            found.append(sql.SQL("e.date_from <= {}").format(sql.Literal(self.to)))
        if self.actor and self.from_ and self.to and (months := _months(self.from_, self.to)):
            found.append(_BEGUN_IN.format(months))
        if self.status:
            found.append(_equals("e.status", self.status))
        if self.min_outlets:
            found.append(sql.SQL("e.outlet_count >= {}").format(sql.Literal(self.min_outlets)))
        if self.min_stories:
            found.append(sql.SQL("e.story_count >= {}").format(sql.Literal(self.min_stories)))
        told = _EACH if each else _ONCE
        return found + [told.format(rows("m"), condition) for condition in self.told(rows)]

    def told(self, rows: Rows) -> list[sql.Composable]:
        """Conditions each of which some mention `m` of an entry must meet."""
        found: list[sql.Composable] = []
        words: list[sql.Composable] = []  # one mention holds them all: these words by that speaker
        if self.speaker:
            words.append(
                sql.SQL("(m.person = ANY({}) OR lower(m.speaker {utf8}) IN ({}))").format(
                    sql.Literal(sorted(self.person)),
                    sql.SQL(", ").join(
                        sql.SQL("lower({} {utf8})").format(sql.Literal(name), utf8=_UTF8)
                        for name in sorted(self.speaker)
                    ),
                    utf8=_UTF8,
                )
            )
        if self.q:
            words.append(
                sql.SQL(
                    "to_tsvector('english'::regconfig, m.sentence)"
                    " @@ websearch_to_tsquery('english'::regconfig, {})"
                ).format(sql.Literal(self.q))
            )
        if words:
            found.append(sql.SQL(" AND ").join(words))
        if self.proposition:
            found.append(_STATES.format(rows("s"), sql.Literal(sorted(self.proposition))))
        return found

    @property
    def needs_search(self) -> bool:
        """Whether only the database can tell if an entry passes."""
        return bool(self.speaker or self.q or self.proposition)

    def passes(self, entry: Mapping[str, Any]) -> bool:
        """The same for an entry in memory, but for what `needs_search`."""
        date_from, date_to = entry["_period"]
        counts = entry["counts"]
        return (
            entry["dossier"] == self.dossier
            and (not self.actor or not self.actor.isdisjoint(entry["actors"]))
            and (not self.recipient or not self.recipient.isdisjoint(entry["recipients"]))
            and (not self.outlet or not self.outlet.isdisjoint(entry["_outlets"]))
            and (not self.kind or entry["kind"] in self.kind)
            and (not self.plover or entry["plover"] in self.plover)
            and (self.from_ is None or date_to >= self.from_)
            and (self.to is None or date_from <= self.to)
            and (self.status is None or entry["status"] == self.status)
            and counts["outlets"] >= self.min_outlets
            and counts["stories"] >= self.min_stories
        )

    def passes_position(self, standing: Mapping[str, Any]) -> bool:
        """Whether the stream tells of a changed position: by actor and proposition, if nothing else is asked."""
        about_entries = any(
            getattr(self, f.name) for f in fields(self) if f.name not in {"dossier", "actor", "proposition"}
        )
        return (
            not about_entries
            and standing["dossier"] == self.dossier
            and (not self.actor or standing["actor"] in self.actor)
            and (not self.proposition or standing["proposition"] in self.proposition)
        )


# The article states the proposition in the words that tell the event, or in words that overlap them.
_STATES = sql.SQL(
    "EXISTS (SELECT FROM read.statements s WHERE s.article_id = m.article_id AND {}"
    " AND NOT s.rejected AND s.dossier = m.dossier AND s.proposition = ANY({}) AND s.evidence_start < m.evidence_end AND m.evidence_start < s.evidence_end)"
)


# Says no more than the days do; an index has an actor's entries by the month in which they begin.
_BEGUN_IN = sql.SQL("ARRAY[date_trunc('month', e.date_from::timestamp)::date] && {}::date[]")
_FEW_MONTHS = 120


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    """The first days of all months in which what happened between two days may begin; none where they are many."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    if len(numbers) > _FEW_MONTHS:
        return []
    # What is known by the year alone begins with it.
    return [dt.date(number // 12, number % 12 + 1, 1) for number in sorted({first.year * 12, *numbers})]


_EACH = sql.SQL("EXISTS (SELECT FROM read.mentions m WHERE m.entry_id = e.id AND {} AND {})")
_ONCE = sql.SQL("e.id IN (SELECT m.entry_id FROM read.mentions m WHERE {} AND {} OFFSET 0)")

# Lower case of every alphabet, whatever the database's own collation.
_UTF8 = sql.SQL('COLLATE "pg_c_utf8"')


def _equals(column: str, value: str) -> sql.Composable:
    return sql.SQL("{} = {}").format(sql.SQL(column), sql.Literal(value))


def fold(name: str) -> str:
    """How outlets are compared: white space and case do not count."""
    return " ".join(name.split()).casefold()


def get_timeline_filter(
    dossier: DossierDep,
    actor: Words = None,
    recipient: Words = None,
    speaker: Annotated[
        list[str] | None, Query(max_length=50, description="A person's id, name or surname")
    ] = None,
    kind: Words = None,
    plover: Annotated[list[PloverType] | None, Query()] = None,
    proposition: Annotated[
        list[str] | None, Query(max_length=50, description="Told in words that also state this proposition")
    ] = None,
    outlet: Words = None,
    from_: Annotated[str | None, Query(alias="from", description="Not over before this date")] = None,
    to: Annotated[str | None, Query(description="Begun by this date")] = None,
    status: Annotated[Literal["actual", "planned"] | None, Query()] = None,
    min_outlets: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    min_stories: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    q: Annotated[str | None, Query(max_length=500, description="Words of the sentences that tell it")] = None,
) -> TimelineFilter:
    """The filters as asked. Ids that the dossier does not have are a problem that names the field."""
    _check_known("actor", actor, dossier)
    _check_known("recipient", recipient, dossier)
    _check_known("kind", kind, dossier)
    _check_known("proposition", proposition, dossier)
    first, last = parse_range(from_, to)
    return TimelineFilter(
        dossier=dossier.id,
        actor=frozenset(actor or ()),
        recipient=frozenset(recipient or ()),
        speaker=frozenset(" ".join(s.split()) for s in speaker or ()),
        person=_persons(speaker or (), dossier),
        kind=frozenset(kind or ()),
        plover=frozenset(p.value for p in plover or ()),
        proposition=frozenset(proposition or ()),
        outlet=frozenset(fold(o) for o in outlet or ()),
        from_=first,
        to=last,
        status=status,
        min_outlets=min_outlets,
        min_stories=min_stories,
        q=q.strip() or None if q else None,
    )


async def _get_timeline_filter(**asked: Any) -> TimelineFilter:
    """The same where it is asked: FastAPI would send a plain function to another thread."""
    return get_timeline_filter(**asked)


_get_timeline_filter.__signature__ = signature(get_timeline_filter)  # type: ignore[attr-defined]

TimelineFilterDep = Annotated[TimelineFilter, Depends(_get_timeline_filter)]


def _persons(names: Iterable[str], dossier: Dossier) -> frozenset[str]:
    """Ids of those who bear a name, in any of its spellings or by surname; an id stands for itself."""
    wanted = {fold(name) for name in names}
    if not wanted:
        return frozenset()  # there are over a thousand to look through
    return frozenset(wanted) | frozenset(
        person.id
        for person in dossier.people.values()
        if not wanted.isdisjoint({person.id, fold(person.surname), *map(fold, person.names)})
    )


def _check_known(field: str, values: list[str] | None, dossier: Dossier) -> None:
    known = {
        "actor": dossier.actors,
        "recipient": dossier.actors,
        "kind": dossier.kinds,
        "proposition": dossier.propositions,
    }[field]
    for value in values or ():
        if value not in known:
            raise InvalidInput([FieldError(field, f"The dossier {dossier.id} has no such id", "query")])
