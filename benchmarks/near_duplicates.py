"""Which copies are found, which articles are wrongly taken for copies, and how fast fingerprints are made.

    python benchmarks/near_duplicates.py [FOLDER ...]

Takes every .txt file and every .json file with a `text` below the folders (the samples where none is named).
Each edit is made with a headline, a dateline and furniture added, a paragraph of another story appended, quotes
restyled and in one case of three the paragraphs reordered. Beside ours stands the banded MinHash that it was
chosen over: 64 permutations, 32 bands of 2 rows (rensa).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rensa import RMinHash

from tests.unit.dedup.edits import edited
from workers.dedup.near_duplicates import compare, fingerprint
from workers.dedup.words import words_of

EDITS = ((1.0, 0.1), (0.9, 0.1), (0.5, 0.0), (0.5, 0.05), (0.5, 0.1), (0.3, 0.05), (0.3, 0.1), (0.1, 0.05))
ROUNDS = 6
PERMUTATIONS, ROWS = 64, 2


def texts_below(folders: Sequence[Path]) -> list[str]:
    """The texts, without those that are too short to be cut to a third."""
    found: list[str] = []
    for folder in folders:
        found += [path.read_text() for path in sorted(folder.rglob("*.txt"))]
        for path in sorted(folder.rglob("*.json")):
            data = json.loads(path.read_text())
            if isinstance(data, dict) and isinstance(data.get("text"), str):
                found.append(data["text"])
    originals: dict[int, str] = {}
    for number, text in enumerate(found):  # the corpus may hold copies of its own
        if len(text.split()) >= 120 and not any(
            compare(fingerprint(text), fingerprint(other)).is_copy for other in originals.values()
        ):
            originals[number] = text
    return list(originals.values())


def shingles(text: str, size: int = 3) -> set[str]:
    """Word shingles as banded MinHash takes them."""
    words = words_of(text).words
    return {" ".join(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


def minhash(text: str) -> list[int]:
    """64 permutations by rensa."""
    made = RMinHash(num_perm=PERMUTATIONS, seed=42)
    made.update(list(shingles(text)))
    return list(made.digest())


def share_a_band(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether banded MinHash would look at the pair at all."""
    return any(one[i : i + ROWS] == other[i : i + ROWS] for i in range(0, PERMUTATIONS, ROWS))


def copies(texts: Sequence[str], keep: float, change: float, rng: random.Random) -> Iterator[tuple[int, str]]:
    """(number of the original, its copy)."""
    vocabulary = " ".join(texts).split()
    paragraphs = [p for text in texts for p in text.split("\n") if 20 < len(p.split()) < 70]
    for number, text in enumerate(texts):
        for _ in range(ROUNDS):
            yield number, edited(
                text, rng, keep=keep, change=change, vocabulary=vocabulary, furniture=True, headline=True,
                restyle=True, reorder=rng.random() < 1 / 3, append=rng.choice(paragraphs),
            )  # fmt: skip


def recall(texts: Sequence[str]) -> None:
    """Prints what is found of each kind of edit."""
    own = [fingerprint(text) for text in texts]
    bands = [minhash(text) for text in texts]
    rng = random.Random(1987)
    print(f"{'kept':>6} {'changed':>8} {'found':>7} {'in the index':>13} {'by banded MinHash':>18}")
    for keep, change in EDITS:
        total = found = indexed = banded = 0
        for number, text in copies(texts, keep, change, rng):
            copy = fingerprint(text)
            total += 1
            there = bool(set(copy.query) & set(own[number].keys))
            indexed += there
            found += there and compare(copy, own[number]).is_copy
            banded += share_a_band(minhash(text), bands[number])
        print(
            f"{keep:>6.0%} {change:>8.0%} {found / total:>7.3f} {indexed / total:>13.3f} {banded / total:>18.3f}"
        )


def false_copies(texts: Sequence[str]) -> None:
    """Prints what different articles look like to the measure."""
    own = [fingerprint(text) for text in texts]
    matches = [compare(a, b) for a, b in itertools.combinations(own, 2)]
    highest = sorted((match.similarity for match in matches), reverse=True)[:5]
    wrong = sum(match.is_copy for match in matches)
    print(f"pairs of different articles: {len(matches)}, taken for copies: {wrong}")
    print("highest similarities:", ", ".join(f"{value:.3f}" for value in highest))


def speed(texts: Sequence[str]) -> None:
    """Prints fingerprints a second of processor time, from the text to as many hash values: the best of some rounds in turns.

    All take 5-word shingles. The others' words are cut out the quickest way there is, without the care for
    accents, apostrophes and quotation that ours takes; datasketch gets each text's shingles in one call.
    """

    def ours(text: str, count: int) -> object:
        return fingerprint(text).ordered[:count].tolist()

    def quick_shingles(text: str) -> list[str]:
        words = re.findall(r"\w+", text.casefold())
        return [" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))]

    def by_rensa(text: str, count: int) -> object:
        made = RMinHash(num_perm=count, seed=42)
        made.update(quick_shingles(text))
        return made.digest()

    ways: dict[str, Callable[[str, int], object]] = {"ours": ours, "rensa": by_rensa}
    try:
        from datasketch import MinHash  # noqa: PLC0415 - only for the comparison
    except ImportError:
        print("datasketch is not installed: not compared")
    else:

        def by_datasketch(text: str, count: int) -> object:
            made = MinHash(num_perm=count)
            made.update_batch([shingle.encode() for shingle in quick_shingles(text)])
            return made.digest()

        ways["datasketch"] = by_datasketch
    for count in (64, 128, 256):
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(9):
            for name, way in ways.items():
                started = time.process_time()
                for text in texts:
                    way(text, count)
                best[name] = min(best[name], time.process_time() - started)
        told = ", ".join(
            f"{name} {len(texts) / seconds:,.0f} articles/s ({seconds / best['ours']:.1f} times our time)"
            for name, seconds in best.items()
        )
        print(f"{count} permutations: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, default=[Path("samples")])
    texts = texts_below(parser.parse_args().folders)
    words = sorted(len(text.split()) for text in texts)
    print(f"{len(texts)} articles of {words[0]} to {words[-1]} words, median {words[len(words) // 2]}")
    recall(texts)
    false_copies(texts)
    speed(texts)


if __name__ == "__main__":
    main()
