"""Scores on public sets of other makers: TIMEX3 (TempEval-3's measure) and attributions (by character)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from services.cli.evaluation.coded import UnusableGold
from services.core.domain.reading import ArticleText, Reading
from workers.extraction.explaining import Reads

ROLES = {"Source": "source", "Cue": "cue", "Content": "content"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A TIMEX3 of an annotated text."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class TimexScore:
    """F1 of exact spans, of overlapping spans, and of overlapping spans with the right value."""

    gold: int
    found: int
    strict: float
    relaxed: float
    value: float

    def as_json(self) -> dict[str, Any]:
        """The figures to three places."""
        return {
            "gold": self.gold,
            "found": self.found,
            "strict_f1": round(self.strict, 3),
            "relaxed_f1": round(self.relaxed, 3),
            "value_f1": round(self.value, 3),
        }


def read_timeml(path: Path) -> tuple[ArticleText, list[Expression]]:
    """The text of a TimeML file with its document's date, and the expressions in it. Raises UnusableGold."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise UnusableGold(f"{path}: {error}") from None
    created, body = root.find(".//DCT/TIMEX3"), root.find(".//TEXT")
    if created is None or body is None:
        raise UnusableGold(f"{path} is no TimeML document")
    pieces: list[str] = []
    found: list[Expression] = []
    _walk(body, pieces, found)
    return ArticleText("".join(pieces), published_at=(created.get("value") or "")[:10] or None), found


def _walk(node: Any, pieces: list[str], found: list[Expression]) -> None:
    start = sum(map(len, pieces))
    pieces.append(node.text or "")
    for child in node:
        if isinstance(child.tag, str):
            _walk(child, pieces, found)
        pieces.append(child.tail or "")
    if node.tag == "TIMEX3":
        found.append(Expression(start, sum(map(len, pieces)), node.get("value") or ""))


def score_timex(folder: Path, reader: Reads) -> TimexScore:
    """The time expressions read in the TimeML files (`*.tml`) of a folder. Raises UnusableGold."""
    n_gold = n_found = strict = relaxed_gold = relaxed_found = value_gold = value_found = 0
    for path in _files(folder, "*.tml"):
        article, gold = read_timeml(path)
        found = [Expression(t.start, t.end, t.value) for t in reader.read(article).dates]
        n_gold += len(gold)
        n_found += len(found)
        for right in gold:
            hits = [f for f in found if _overlap(right, f)]
            strict += any((f.start, f.end) == (right.start, right.end) for f in hits)
            relaxed_gold += bool(hits)
            value_gold += any(f.value == right.value for f in hits)
        for mine in found:
            hits = [g for g in gold if _overlap(g, mine)]
            relaxed_found += bool(hits)
            value_found += any(g.value == mine.value for g in hits)
    return TimexScore(
        n_gold,
        n_found,
        _f1(strict, n_found, strict, n_gold),
        _f1(relaxed_found, n_found, relaxed_gold, n_gold),
        _f1(value_found, n_found, value_gold, n_gold),
    )


@dataclass(frozen=True, slots=True)
class RoleScore:
    """The characters that a role (source, cue or content) covers."""

    precision: float
    recall: float
    f1: float

    def as_json(self) -> dict[str, float]:
        """The figures to three places."""
        return {
            "precision": round(self.precision, 3),
            "recall": round(self.recall, 3),
            "f1": round(self.f1, 3),
        }


def score_attributions(folder: Path, reader: Reads) -> dict[str, RoleScore]:
    """The attributions read in the texts of a folder (`text/*.txt`, `attributions/*.ann`). Raises UnusableGold."""
    totals = {role: [0, 0, 0] for role in ROLES.values()}
    for path in _files(folder / "attributions", "*.ann"):
        text = folder / "text" / f"{path.stem}.txt"
        if not text.is_file():
            raise UnusableGold(f"there is no {text}")
        found = _found_characters(reader.read(ArticleText(text.read_bytes().decode("utf-8"))))
        for role, right in _gold_characters(path).items():
            mine = found[role]
            total = totals[role]
            total[0] += len(right & mine)
            total[1] += len(mine)
            total[2] += len(right)
    return {role: _role_score(*total) for role, total in totals.items()}


def _gold_characters(path: Path) -> Mapping[str, set[int]]:
    covered: dict[str, set[int]] = {role: set() for role in ROLES.values()}
    for line in path.read_bytes().decode("utf-8").split("\n"):
        if not line.startswith("T"):
            continue
        label, _, spans = line.split("\t")[1].partition(" ")
        for span in spans.split(";") if label in ROLES else ():
            start, end = map(int, span.split())
            covered[ROLES[label]].update(range(start, end))
    return covered


def _found_characters(reading: Reading) -> Mapping[str, set[int]]:
    covered: dict[str, set[int]] = {role: set() for role in ROLES.values()}
    for quotation in reading.quotations:
        for role, span in (
            ("source", quotation.source),
            ("cue", quotation.cue),
            ("content", quotation.content),
        ):
            if span is not None:
                covered[role].update(range(span.start, span.end))
    return covered


def _role_score(both: int, found: int, gold: int) -> RoleScore:
    precision, recall = both / found if found else 0.0, both / gold if gold else 0.0
    return RoleScore(precision, recall, _mean(precision, recall))


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    files = sorted(folder.glob(pattern))
    if not files:
        raise UnusableGold(f"there is no {pattern} in {folder}")
    yield from files


def _overlap(one: Expression, other: Expression) -> bool:
    return one.start < other.end and other.start < one.end


def _f1(right_found: int, found: int, right_gold: int, gold: int) -> float:
    return _mean(right_found / found if found else 0.0, right_gold / gold if gold else 0.0)


def _mean(precision: float, recall: float) -> float:
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0
