"""What `treatyline evaluate` does: read the coded articles, score, print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from services.cli.evaluation.calibration import Calibration, calibration
from services.cli.evaluation.coded import CodedArticle, UnusableGold, coded, read_gold
from services.cli.evaluation.public_sets import RoleScore, TimexScore, score_attributions, score_timex
from services.cli.evaluation.scoring import Count, Score, Share, score
from services.cli.extracting import article_text
from services.cli.files import Unreadable
from services.core.domain.reading import to_record
from workers.extraction.explaining import Reads

Emit = Callable[[dict[str, Any]], None]


def score_gold(reader: Reads, gold: Path, texts: Path | None = None) -> Score:
    """The score of a reader on a file of coded articles. Raises UnusableGold."""
    return score(readings(reader, gold, texts))


def readings(
    reader: Reads, gold: Path, texts: Path | None = None, wanted: Callable[[str], bool] | None = None
) -> Iterator[tuple[CodedArticle, CodedArticle]]:
    """Each coded article (whose name is `wanted`) and what the reader wrote down of it, with rules.

    Raises UnusableGold.
    """
    for item in read_gold(gold, texts):
        if wanted is not None and not wanted(item.gold.name):
            continue
        article = article_text(item.source)
        if isinstance(article, Unreadable):
            raise UnusableGold(f"{article.source} {article.why}")
        reading = reader.read(article)
        record = to_record(reading, item.gold.name, article.text)
        for entry, position in zip(record["positions"], reading.positions, strict=True):
            entry["rule"] = position.rule
        for entry, event in zip(record["events"], reading.events, strict=True):
            entry["rule"] = event.rule
        yield item.gold, coded(record)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to score: a file of coded articles, folders of the public sets; and what to tell besides figures."""

    gold: Path | None = None
    texts: Path | None = None
    timex: Path | None = None
    attributions: Path | None = None
    errors: bool = False
    calibration: bool = False


def run_evaluation(reader: Reads, asked: Asked, out: Console, emit: Emit | None) -> None:
    """Score what is asked for and print tables, or one JSON object with `emit`. Raises UnusableGold."""
    if asked.gold is None and asked.timex is None and asked.attributions is None:
        raise UnusableGold("name a file of coded articles, or --timex or --attributions with a folder")
    result: dict[str, Any] = {}
    if asked.gold is not None:
        found = score_gold(reader, asked.gold, asked.texts)
        kinds = {name: calibration(pairs) for name, pairs in confidences(found)} if asked.calibration else {}
        result |= found.as_json()
        if asked.calibration:
            result["calibration"] = {name: made.as_json() for name, made in kinds.items()}
        if asked.errors:
            result["errors"] = found.errors
        if emit is None:
            show_score(out, found, str(asked.gold))
            for name, made in kinds.items():
                show_calibration(out, made, name)
            for line in found.errors if asked.errors else ():
                out.print(line, markup=False, highlight=False, soft_wrap=True)
    if asked.timex is not None:
        spans = score_timex(asked.timex, reader)
        result["timex"] = spans.as_json()
        if emit is None:
            show_timex(out, spans)
    if asked.attributions is not None:
        roles = score_attributions(asked.attributions, reader)
        result["attributions"] = {role: made.as_json() for role, made in roles.items()}
        if emit is None:
            show_attributions(out, roles)
    if emit is not None:
        emit(result)


def confidences(found: Score) -> Iterable[tuple[str, list[tuple[float, bool]]]]:
    """The confidences of positions, of events, and of both together."""
    pairs = {name: [(j.confidence, j.right) for j in mine] for name, mine in found.judged.items()}
    yield from pairs.items()
    yield "all records", [pair for mine in pairs.values() for pair in mine]


def show_score(out: Console, found: Score, title: str) -> None:
    """The score table, for a person."""
    table = Table("", "right", "too much", "missed", "precision", "recall", "F1", title=title, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    _row(table, "positions", found.positions)
    for name in sorted(found.by_proposition):
        _row(table, f"  {name}", found.by_proposition[name])
    _row(table, "events", found.events)
    for name in sorted(found.by_kind):
        _row(table, f"  {name}", found.by_kind[name])
    _row(table, "events, whatever kind", found.events_lenient)
    out.print(table)
    for name, share in shares(found):
        if share.of:
            out.print(f"{name}: {share.right} of {share.of} ({share.value:.3f})", highlight=False)
    if found.nothing_to_code:
        out.print(
            f"articles with nothing to code: {found.nothing_to_code}, records read into them: {found.read_into_them}",
            highlight=False,
        )


def shares(found: Score) -> Iterable[tuple[str, Share]]:
    """What is right over the matches, by name."""
    yield "article dates worked out", found.article_dates
    yield "dates of positions", found.position_dates
    yield "voices of positions", found.voices
    yield "status of events", found.event_status
    yield "recipients of events", found.event_recipients


def _row(table: Table, name: str, count: Count) -> None:
    table.add_row(
        name,
        str(count.tp),
        str(count.fp),
        str(count.fn),
        f"{count.precision:.3f}",
        f"{count.recall:.3f}",
        f"{count.f1:.3f}",
    )


def show_calibration(out: Console, made: Calibration, name: str) -> None:
    """The bins of a calibration, for a person."""
    out.print(
        f"calibration, {name}: expected error {made.error:.3f} over {made.count} records", highlight=False
    )
    for b in made.bins:
        out.print(
            f"  {b.low:.1f}-{b.high:.1f}  {b.count:4} records  confidence {b.confidence:.3f}  right {b.right:.3f}",
            highlight=False,
        )


def show_timex(out: Console, spans: TimexScore) -> None:
    """The scores of time expressions, for a person."""
    out.print(
        f"time expressions: strict F1 {spans.strict:.3f}, relaxed F1 {spans.relaxed:.3f}, "
        f"value F1 {spans.value:.3f} (gold {spans.gold}, found {spans.found})",
        highlight=False,
    )


def show_attributions(out: Console, roles: Mapping[str, RoleScore]) -> None:
    """The scores of attributions, for a person."""
    for role, made in roles.items():
        out.print(
            f"attributions, {role:7}: precision {made.precision:.3f}, recall {made.recall:.3f}, F1 {made.f1:.3f}",
            highlight=False,
        )
