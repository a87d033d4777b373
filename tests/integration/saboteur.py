"""A worker process whose reader misbehaves where the text tells it to: for tests of what the pipeline survives.

Run as `python -m tests.integration.saboteur`, settings from the environment.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from services.core.domain.reading import ArticleDate, ArticleText, Position, Reading, Span
from services.core.domain.vocabulary import DateBasis, Stance
from services.core.settings import load_settings
from workers.app import main
from workers.readings import Reader

DIES, CRASHES, HANGS, DEAF, RAISES, SLOW = "DIES", "CRASHES", "HANGS", "DEAF", "RAISES", "SLOW"
ELSEWHERE, DIES_LOOKING = "ELSEWHERE", "DIES_LOOKING"  # off topic; of being looked at among others
DEAF_LOOKING = "DEAF_LOOKING"  # hangs however it is looked at
OWNERLESS = "OWNERLESS"  # raises before it is looked at
OFF_TOPIC = Reading("inf", "en", False, ArticleDate(None, DateBasis.UNKNOWN))
HEALED = "healed"  # a file of this name in the folder: no word does anything any more


class Saboteur:
    """Reads one position out of everything, unless the text begins with one of the words above."""

    def owner(self, article: ArticleText) -> str | None:
        if article.text.startswith(OWNERLESS):
            raise RuntimeError(article.text)
        return None

    def passed_over(self, article: ArticleText) -> Reading | None:
        word = article.text.split(maxsplit=1)[0]
        if word == DIES_LOOKING:
            os.kill(os.getpid(), signal.SIGKILL)
        if word == DEAF_LOOKING:
            _hang()
        if word == RAISES:
            raise RuntimeError(article.text)
        return OFF_TOPIC if word == ELSEWHERE else None

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        word = article.text.split(maxsplit=1)[0]
        if folder := os.environ.get("SABOTEUR_FOLDER"):
            with (Path(folder) / "read").open("a") as file:
                file.write(f"{os.getpid()} {word}\n")
            word = "" if (Path(folder) / HEALED).exists() else word
        if word == DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        if word == CRASHES:
            faulthandler.disable()  # no trace in the tests' output
            ctypes.string_at(0)  # SIGSEGV
        if word == HANGS:
            while True:
                time.sleep(0.01)
        if word in {DEAF, DEAF_LOOKING}:
            _hang()
        if word == RAISES:
            raise RuntimeError(article.text)
        if word == SLOW:
            time.sleep(1.0)
        if word == ELSEWHERE:
            return OFF_TOPIC
        evidence = Span(0, 4)
        position = Position("nato", "moratorium", Stance.OPPOSES, evidence, date="2019-09-25")
        return Reading("inf", "en", True, ArticleDate("2019-09-25", DateBasis.TEXT), positions=(position,))


def _hang() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)


def load(dossiers: tuple[str, ...]) -> Mapping[str, Reader]:
    """A saboteur for each dossier."""
    return {name: Reader(name, "test", "test", Saboteur()) for name in dossiers}


if __name__ == "__main__":
    sys.exit(main(load_settings(), load))
