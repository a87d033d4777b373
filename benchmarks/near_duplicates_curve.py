"""Precision and recall over the threshold, as a plot, and what a sparser or denser index would miss.

    python benchmarks/near_duplicates_curve.py FOLDER... [--plot docs/decisions/0003-precision-and-recall.svg]

The copies are those of `near_duplicates.py`; the pairs of different articles are all that the folders give, and
own accounts of one statement, with an agency's background and without. The threshold is swept as a factor on
what a pair's similarity has to be: at 1 is what was chosen.
"""

from __future__ import annotations

import argparse
import itertools
import random
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from benchmarks.near_duplicates import copies, texts_below
from tests.unit.dedup.accounts import BACKGROUND, STATEMENTS
from workers.dedup.near_duplicates import Fingerprint, compare, fingerprint

EDITS = ((0.9, 0.1), (0.5, 0.05), (0.3, 0.05), (0.3, 0.1))
FACTORS = [round(0.2 * 1.12**step, 3) for step in range(27)]  # 0.2 to 3.8
RATES = ((96, 32), (48, 16), (24, 8), (12, 4))
COLOURS = ("#1b6ca8", "#2e8b57", "#c77700", "#8e3b8e")

Curve = list[tuple[float, float]]


def scores(pairs: Iterable[tuple[Fingerprint, Fingerprint]]) -> list[float]:
    """How many times what was asked for each pair has, in order."""
    found = []
    for one, other in pairs:
        match = compare(one, other)
        found.append(match.similarity / match.asked)
    return sorted(found)


def share_above(ordered: Sequence[float], factor: float) -> float:
    return 1 - bisect_left(ordered, factor) / len(ordered)


def different(texts: Sequence[str]) -> list[float]:
    """Pairs of different articles, the hard ones among them."""
    own = [fingerprint(text) for text in texts]
    pairs = list(itertools.combinations(own, 2))
    told = [account for accounts in STATEMENTS for account in accounts]
    for kind in (told, [f"{account}\n\n{BACKGROUND}" for account in told]):
        pairs += itertools.combinations(map(fingerprint, kind), 2)
    return scores(pairs)


def sampled(text: Fingerprint, rate: int, least: int) -> set[int]:
    """Its sketch at another rate than the one in use."""
    count = max(int(text.ordered.searchsorted(np.uint64(2**64 // rate))), least)
    return set(text.ordered[:count].tolist())


def measured(texts: Sequence[str]) -> tuple[dict[str, list[float]], list[float]]:
    """Scores of copies by the kind of edit, and of different articles; prints what sparser indexes would miss."""
    own = [fingerprint(text) for text in texts]
    rng = random.Random(1987)
    found: dict[str, list[float]] = {}
    print(
        f"{'kept':>6} {'changed':>8}" + "".join(f"{f'1/{stored}, 1/{query}':>14}" for stored, query in RATES)
    )
    for keep, change in EDITS:
        made = [(fingerprint(copy), own[number]) for number, copy in copies(texts, keep, change, rng)]
        found[f"{keep:.0%} kept, {change:.0%} of the words changed"] = scores(made)
        met = [
            sum(bool(sampled(copy, query, 512 // query) & sampled(of, stored, 576 // stored)) for copy, of in made) / len(made)
            for stored, query in RATES
        ]  # fmt: skip
        print(f"{keep:>6.0%} {change:>8.0%}" + "".join(f"{share:>14.3f}" for share in met))
    sizes = [np.mean([len(sampled(text, stored, 576 // stored)) for text in own]) for stored, _ in RATES]
    print(f"{'keys an article':<15}" + "".join(f"{size:>14.0f}" for size in sizes))
    return found, different(texts)


def svg(curves: dict[str, Curve], wrong: Curve, pairs: int) -> str:
    """The plot: recall by kind of edit, and the share of different pairs taken for copies."""
    left, top, width, height = 62, 46, 560, 330

    def x(factor: float) -> float:
        return left + width * (np.log(factor) - np.log(FACTORS[0])) / (
            np.log(FACTORS[-1]) - np.log(FACTORS[0])
        )

    def y(share: float) -> float:
        return top + height * (1 - share)

    def line(curve: Curve, colour: str, dashes: str = "") -> str:
        points = " ".join(f"{x(factor):.1f},{y(share):.1f}" for factor, share in curve)
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" {dashes}/>'

    def text(at_x: float, at_y: float, words: str, anchor: str = "start", colour: str = "#222") -> str:
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {top + height + 150}" '
            'font-family="sans-serif" font-size="13">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
        text(left, 24, "Copies found, and different articles taken for copies, over the threshold"),
    ]
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(f'<path d="M{left} {y(share):.1f}h{width}" stroke="#ddd"/>')
        parts.append(text(left - 8, y(share) + 4, f"{share:.0%}", "end"))
    parts.extend(text(x(f), top + height + 18, f"{f:g}", "middle") for f in (0.2, 0.5, 1, 2, 3.5))
    parts.append(f'<path d="M{x(1):.1f} {top}v{height}" stroke="#222" stroke-dasharray="3 3"/>')
    parts.append(text(x(1) + 4, top + height - 8, "chosen"))
    parts.append(
        text(left + width / 2, top + height + 36, "factor on the similarity that is asked for", "middle")
    )
    below = top + height + 58
    for place, ((name, curve), colour) in enumerate(zip(curves.items(), COLOURS, strict=True)):
        parts.append(line(curve, colour))
        parts.append(
            text(left + place % 2 * 290, below + place // 2 * 20, f"— recall: {name}", colour=colour)
        )
    parts.append(line(wrong, "#c0232c", 'stroke-dasharray="6 4"'))
    parts.append(
        text(
            left,
            below + 44,
            f"- - of {pairs:,} pairs of different articles taken for copies",
            colour="#c0232c",
        )
    )
    parts.append("</svg>\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, default=[Path("samples")])
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    found, others = measured(texts_below(options.folders))
    print(f"{'factor':>7} {'precision':>10} {'false':>7}" + "".join(f"{name:>38}" for name in found))
    for factor in FACTORS:
        right = [share_above(ordered, factor) for ordered in found.values()]
        wrong = share_above(others, factor)
        hits = sum(share * len(ordered) for share, ordered in zip(right, found.values(), strict=True))
        precision = hits / (hits + wrong * len(others)) if hits else 1.0
        print(
            f"{factor:>7.2f} {precision:>10.4f} {wrong:>7.4f}" + "".join(f"{share:>38.3f}" for share in right)
        )
    if options.plot:
        curves = {name: [(f, share_above(ordered, f)) for f in FACTORS] for name, ordered in found.items()}
        options.plot.write_text(svg(curves, [(f, share_above(others, f)) for f in FACTORS], len(others)))


if __name__ == "__main__":
    main()
