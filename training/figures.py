"""Score every coded set that is present and write the figures to docs/evaluation.md: `make evaluate`.

usage: python -m training.figures [--shared FOLDER] [--output FILE]

Sets beside the project (`../shared`) that are not there are named as missing. Of sets held out of development the
page gives figures, never what was missed.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.cli.evaluation.calibration import Calibration, calibration
from services.cli.evaluation.command import confidences, score_gold
from services.cli.evaluation.public_sets import RoleScore, TimexScore, score_attributions, score_timex
from services.cli.evaluation.scoring import Count, Score, Share
from services.core.domain.dossier import load_dossier
from workers.extraction.reader import EXTRACTOR_VERSION, Reader

ROOT = Path(__file__).parents[1]
EXTRACTION = ROOT / "workers" / "extraction"
OUTPUT = ROOT / "docs" / "evaluation.md"

LEARNED = "learned from"
OWN, NEWS = (
    (0.95, 0.95),
    (0.80, 0.75),
)  # to be reached on articles of our own, and on news articles never seen


@dataclass(frozen=True, slots=True)
class CodedSet:
    """A file of coded articles. `standing`: what it was to those who made the reader."""

    name: str
    gold: Path
    texts: Path | None
    standing: str
    about: str
    goal: tuple[float, float]  # F1 of positions and of events that was to be reached


def coded_sets(shared: Path) -> Sequence[CodedSet]:
    """All of them, present or not."""
    corpus = ROOT / "tests" / "corpus"
    return (
        CodedSet(
            "seeds",
            shared / "gold/dev/seeds.yaml",
            shared / "seeds",
            "developed on",
            "five real articles",
            (0.92, 0.90),
        ),
        CodedSet(
            "kremlin",
            shared / "gold/dev/kremlin.yaml",
            shared / "corpus/kremlin",
            "developed on",
            "seven real statements and transcripts",
            (0.85, 0.80),
        ),
        CodedSet("samples", ROOT / "samples/gold.yaml", None, LEARNED, "the sample dispatches", OWN),
        CodedSet("corpus", corpus / "gold.yaml", None, LEARNED, "the test corpus, its open part", OWN),
        CodedSet(
            "corpus, held out",
            corpus / "gold_heldout.yaml",
            None,
            "scored, never read",
            "the test corpus, its third kept aside",
            OWN,
        ),
        CodedSet(
            "aside",
            ROOT / "tests/aside/gold.yaml",
            None,
            "scored, never read",
            "full-length articles, coded twice apart from the reader; nothing was chosen on them",
            NEWS,
        ),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    coded: Mapping[CodedSet, Score]
    missing: Sequence[str]
    timex: TimexScore | None
    attributions: Mapping[str, RoleScore] | None


def measure(shared: Path) -> Figures:
    """Score the built-in reader on every set that is present."""
    reader = Reader(load_dossier("inf"))
    scores, missing = {}, []
    for one in coded_sets(shared):
        if one.gold.is_file():
            scores[one] = score_gold(reader, one.gold, one.texts)
            sys.stderr.write(f"{one.name}: {scores[one].articles} articles\n")
        else:
            missing.append(one.name)
    timex, polnear = shared / "eval/timex-dev", shared / "eval/polnear-dev"
    missing += [name for name, folder in (("TIMEX3", timex), ("PolNeAR", polnear)) if not folder.is_dir()]
    return Figures(
        scores,
        missing,
        score_timex(timex, reader) if timex.is_dir() else None,
        score_attributions(polnear, reader) if polnear.is_dir() else None,
    )


def page(figures: Figures, day: datetime.date) -> str:
    """The page, in Markdown."""
    return "\n".join(
        [*_head(day), *_main(figures), *_public(figures), *_details(figures), *_repeat(figures), ""]
    )


def _head(day: datetime.date) -> Iterator[str]:
    dossier = load_dossier("inf")
    yield "# How well articles are read"
    yield ""
    yield f"Measured on {day.isoformat()} by `make evaluate`, which writes this page; do not edit it."
    yield ""
    yield "| what | version |"
    yield "| --- | --- |"
    yield f"| code | {_commit()} |"
    yield f"| extractor | {EXTRACTOR_VERSION} |"
    yield f"| dossier `{dossier.id}` | {dossier.version} |"
    yield f"| learned model (SHA-256) | {_digest(_model_files())} |"
    yield f"| confidences (SHA-256) | {_digest([EXTRACTION / 'confidence.json'])} |"
    yield ""


def _main(figures: Figures) -> Iterator[str]:
    yield "## Positions and political events"
    yield ""
    yield (
        "Precision / recall / F1, micro-averaged over the articles (rules: the codebook, section 5). A set that was "
        "developed on or learned from tells what the reader was made to do; one that was only scored tells what it does."
    )
    yield ""
    yield (
        "| set | | articles | positions | events | to reach (F1) | events, whatever kind | article dates | read into "
        "articles with nothing to code |"
    )
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for one, found in figures.coded.items():
        nothing = (
            f"{found.read_into_them} records in {found.nothing_to_code}" if found.nothing_to_code else "–"
        )
        cells = (
            one.name,
            one.standing,
            found.articles,
            _prf(found.positions),
            _prf(found.events),
            f"{one.goal[0]:.2f}, {one.goal[1]:.2f}",
            _prf(found.events_lenient),
            _of(found.article_dates),
            nothing,
        )
        yield _row(cells)
    yield ""
    yield "Over the records that match: right dates of positions, right status and recipients of events."
    yield ""
    yield "| set | dates of positions | status of events | recipients of events |"
    yield "| --- | --- | --- | --- |"
    for one, found in figures.coded.items():
        shares = (found.position_dates, found.event_status, found.event_recipients)
        yield _row((one.name, *map(_of, shares)))
    yield ""


def _public(figures: Figures) -> Iterator[str]:
    yield "## Time expressions and attributions"
    yield ""
    if figures.timex is not None:
        made = figures.timex
        yield (
            f"TempEval-3 platinum, development part ({made.gold} expressions): strict F1 {made.strict:.3f}, relaxed F1 "
            f"{made.relaxed:.3f} (to reach 0.88), value F1 {made.value:.3f} (to reach 0.78)."
        )
        yield ""
    if figures.attributions is not None:
        yield "PolNeAR, development part, by character (F1 to reach: source 0.75, content 0.75):"
        yield ""
        yield "| role | precision | recall | F1 |"
        yield "| --- | --- | --- | --- |"
        for role, of in figures.attributions.items():
            yield _row((role, f"{of.precision:.3f}", f"{of.recall:.3f}", f"{of.f1:.3f}"))
        yield ""


def _details(figures: Figures) -> Iterator[str]:
    names = [one.name for one in figures.coded]
    for title, tables in (
        ("By proposition", [found.by_proposition for found in figures.coded.values()]),
        ("By kind of event", [found.by_kind for found in figures.coded.values()]),
    ):
        yield f"## {title}"
        yield ""
        yield "F1, and how many there are to find."
        yield ""
        yield _row(("", *names))
        yield _row(["---"] * (len(names) + 1))
        for row in sorted({name for table in tables for name in table}):
            yield _row((f"`{row}`", *(_short(table[row]) if row in table else "" for table in tables)))
        yield ""
    yield "## Confidence"
    yield ""
    yield (
        "Expected calibration error: ten bins of equal width, how far a bin's mean confidence is from the share of its "
        "records that is right. Records that are optional in gold are left out."
    )
    yield ""
    yield "| set | records | error, positions | error, events | error, all |"
    yield "| --- | --- | --- | --- | --- |"
    for one, found in figures.coded.items():
        made = {name: calibration(pairs) for name, pairs in confidences(found)}
        whole = made["all records"]
        errors = (made["positions"], made["events"], whole)
        yield _row((one.name, whole.count, *(f"{c.error:.3f}" for c in errors)))
    unread = [found for one, found in figures.coded.items() if one.standing.startswith("scored")]
    pairs = [
        pair
        for found in unread
        for name, some in confidences(found)
        if name == "all records"
        for pair in some
    ]
    yield ""
    if pairs:
        yield from _bins(calibration(pairs))


def _bins(made: Calibration) -> Iterator[str]:
    yield f"All sets that were only scored, together ({made.count} records, error {made.error:.3f}):"
    yield ""
    yield "| confidence | records | mean confidence | right |"
    yield "| --- | --- | --- | --- |"
    for b in made.bins:
        yield _row((f"{b.low:.1f} to {b.high:.1f}", b.count, f"{b.confidence:.3f}", f"{b.right:.3f}"))
    yield ""


def _repeat(figures: Figures) -> Iterator[str]:
    yield "## How to repeat it"
    yield ""
    yield "`make evaluate` scores what is present and rewrites this page. One set, with what was missed:"
    yield ""
    yield (
        "<!-- not run: reads material that does not come with the project;"
        " tests/unit/cli/evaluation runs the command -->"
    )
    yield "```sh"
    yield ".venv/bin/treatyline evaluate samples/gold.yaml --errors --calibration"
    yield ".venv/bin/treatyline evaluate ../shared/gold/dev/seeds.yaml --texts ../shared/seeds"
    yield ".venv/bin/treatyline evaluate --timex ../shared/eval/timex-dev --attributions ../shared/eval/polnear-dev"
    yield "```"
    yield ""
    for one in figures.coded:
        yield f"* **{one.name}**: {one.about}."
    if figures.missing:
        yield ""
        yield f"Not present when this was measured: {', '.join(figures.missing)}."
    yield ""
    yield "`python -m training.calibrate` fits the confidences anew; do that when rules or the model changed."


def _prf(count: Count) -> str:
    return f"{count.precision:.3f} / {count.recall:.3f} / **{count.f1:.3f}**"


def _short(count: Count) -> str:
    return f"{count.f1:.2f} ({count.tp + count.fn})"


def _of(share: Share) -> str:
    return f"{share.right} of {share.of}" if share.of else "–"


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _commit() -> str:
    """The commit that is checked out, and whether anything of the reader differs from it."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "workers/extraction", "services/core/domain")
    except (OSError, subprocess.CalledProcessError):
        return "not known"
    return f"{head}, with changes" if changed else head


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _model_files() -> list[Path]:
    """What was learned: everything of the model but its code."""
    files = (EXTRACTION / "learned").rglob("*")
    return sorted(f for f in files if f.is_file() and f.suffix not in {".py", ".pyc"})


def _digest(files: Sequence[Path]) -> str:
    if not files:
        return "none"
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"`{digest.hexdigest()[:16]}`"


def main() -> None:
    """Measure, write."""
    parser = argparse.ArgumentParser(description="Score every coded set that is present.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    asked = parser.parse_args()
    today = datetime.datetime.now(datetime.UTC).date()
    asked.output.write_text(page(measure(asked.shared), today), encoding="utf-8")
    sys.stdout.write(f"{asked.output}\n")


if __name__ == "__main__":
    main()
