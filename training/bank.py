"""The bank of coded sentences: who holds and does what in each, on a scene of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from services.core.domain.dossier import Dossier
from services.core.domain.reading import ArticleText, Span
from workers.extraction.dates import find_dates
from workers.extraction.document import Document, parse
from workers.extraction.mention import OFFICIAL, Mention
from workers.extraction.mentions import find_mentions
from workers.extraction.quotations import find_quotations
from workers.extraction.scene import Scene

SENTENCES = Path(__file__).parent / "sentences"

#: Days on which the people of the sentences were in office; that with most holders known is taken.
_DAYS = tuple(
    date.fromisoformat(d)
    for d in (
        "2019-03-06",
        "2018-10-22",
        "2024-07-15",
        "2025-08-05",
        "2022-01-26",
        "2014-07-29",
        "1987-06-12",
        "1983-11-23",
    )
)
_FIRST = frozenset({"i", "we", "our", "us", "my"})
#: Who a holder whom the sentence alone does not tell ("he", "the ministry") most likely is, by what it says.
_LIKELY = {
    "russia-complied": {"supports": "russia", "opposes": "usa"},
    "us-complied": {"supports": "usa", "opposes": "russia"},
    "russia-responsible": {"supports": "usa", "opposes": "russia"},
    "us-responsible": {"supports": "russia", "opposes": "usa"},
    "us-withdrawal": {"supports": "usa", "opposes": "russia", "conditional": "usa"},
    "9m729-elimination": {"supports": "usa", "opposes": "russia", "conditional": "russia"},
    "moratorium": {"supports": "russia", "opposes": "nato", "conditional": "russia"},
    "mutual-verification": {"supports": "russia", "opposes": "nato", "conditional": "russia"},
    "multilateral-treaty": {"supports": "usa", "opposes": "china", "conditional": "russia"},
    "treaty-preserved": {"supports": "germany", "opposes": "usa", "conditional": "russia"},
    "deployment": {"supports": "usa", "opposes": "nato", "conditional": "russia"},
}
_ANYBODY = ("usa", "russia", "nato", "germany", "france")


@dataclass(frozen=True)
class Entry:
    """One coded sentence: `codes` are (holder's words, label)."""

    file: str
    number: int
    text: str
    codes: tuple[tuple[str, str], ...]
    test: bool
    before: str = ""


def entries(folder: Path = SENTENCES) -> Iterator[Entry]:
    """The coded sentences of all files, in a fixed order."""
    for path in sorted(folder.glob("*.yaml")):
        for number, raw in enumerate(yaml.safe_load(path.read_text("utf-8")) or []):
            codes = [(p["holder"], f"{p['proposition']} {p['stance']}") for p in raw.get("positions") or []]
            codes += [(k["by"], k["kind"]) for k in raw.get("kinds") or [] if k.get("by")]
            before = raw.get("before") or raw.get("context") or ""
            yield Entry(path.stem, number, raw["text"], tuple(codes), raw.get("split") == "test", before)


def staged(entry: Entry, dossier: Dossier) -> tuple[Scene, int, dict[str, set[str]]]:
    """A coded sentence as a scene, where in its text the sentence begins, and each actor's labels."""
    text = f"{entry.before} {entry.text}" if entry.before else entry.text
    offset = len(text) - len(entry.text)
    document = parse(ArticleText(text=text))
    holders = list(dict.fromkeys(h for h, _ in entry.codes))
    best: tuple[int, date, dict[str, str], list[Mention]] = (-1, _DAYS[0], {}, [])
    for day in _DAYS:
        mentions = find_mentions(document, dossier, day)
        known = {h: a for h in holders if (a := _actor(h, text, offset, mentions))}
        if len(known) > best[0]:
            best = (len(known), day, known, mentions)
        if len(known) == len(holders):
            break
    _, day, known, mentions = best
    voice = None
    for holder in holders:
        if holder in known:
            continue
        guess = _guess(entry, holder, mentions)
        known[holder] = guess
        if holder.lower() in _FIRST:
            voice = guess
        else:
            mentions = [*mentions, *_injected(holder, text, offset, guess)]
    labels: dict[str, set[str]] = {}
    for holder, label in entry.codes:
        labels.setdefault(known[holder], set()).add(label)
    return _scene(document, dossier, mentions, day, voice), offset, labels


def _places(holder: str, text: str, offset: int) -> Iterator[Span]:
    for found in re.finditer(rf"(?<!\w){re.escape(holder)}(?!\w)", text[offset:]):
        yield Span(offset + found.start(), offset + found.end())


def _actor(holder: str, text: str, offset: int, mentions: list[Mention]) -> str | None:
    """The actor of the longest mention in the holder's words."""
    over = [
        m
        for place in _places(holder, text, offset)
        for m in mentions
        if m.actor and m.span.start < place.end and place.start < m.span.end
    ]
    return max(over, key=lambda m: m.span.end - m.span.start).actor if over else None


def _guess(entry: Entry, holder: str, mentions: list[Mention]) -> str:
    for who, label in entry.codes:
        proposition, _, stance = label.partition(" ")
        if who == holder and stance in _LIKELY.get(proposition, {}):
            return _LIKELY[proposition][stance]
    named = {m.actor for m in mentions}
    return next(actor for actor in _ANYBODY if actor not in named or actor == _ANYBODY[-1])


def _injected(holder: str, text: str, offset: int, actor: str) -> Iterator[Mention]:
    for place in _places(holder, text, offset):
        yield Mention(place, actor, None, OFFICIAL)


def _scene(
    document: Document, dossier: Dossier, mentions: list[Mention], day: date, voice: str | None
) -> Scene:
    timexes = find_dates(document.text, day)
    nested = find_quotations(document, mentions, dossier, nested=True)
    return Scene(document, dossier, mentions, nested, timexes, day.isoformat(), voice)
