"""Articles to try a system on: of realistic length and vocabulary, the same for the same seed.

Each is made from its number alone, so that none has to be kept. Some are about the subject, most are not; some are
copies of one a little before, under another address, shortened, with another headline.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from services.cli import bench_words as words

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_DAY = dt.date(2018, 10, 20)
PERIOD = 800  # days
CHARACTERS = 2400  # of the median article; the longest have some four times as many
NEAR = 200  # how far back what is copied was printed
_GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Mix:
    """What a run of articles consists of. `on_topic` is a share of the originals, `copies` of all."""

    on_topic: float = 0.01
    copies: float = 0.2
    seed: int = 1


def articles(mix: Mix, start: int = 0) -> Iterator[dict[str, Any]]:
    """Articles as `POST /v1/articles` takes them, for ever, from the given number on."""
    number = start
    while True:
        yield article(mix, number)
        number += 1


def article(mix: Mix, number: int) -> dict[str, Any]:
    """The article of this number."""
    rng = random.Random(f"{mix.seed} {number}")  # noqa: S311 - the same each time is what is wanted
    url = f"https://site-{rng.randrange(400)}.example/{mix.seed}/{number}"
    outlet = rng.choice(words.OUTLETS)
    if number and rng.random() < mix.copies:
        source = _original_before(mix, number, rng)
        lines = source["text"].split("\n\n")
        kept = lines[: max(2, len(lines) - rng.randrange(3))]
        headline = _filled(rng, rng.choice(words.OTHER), dt.date.fromisoformat(source["published_at"][:10]))
        return source | {"url": url, "outlet": outlet, "title": headline[:90], "text": "\n\n".join(kept)}
    day = FIRST_DAY + dt.timedelta(days=number * 7919 % PERIOD)
    about = rng.random() < mix.on_topic
    characters = int(min(CHARACTERS * 4.0, max(CHARACTERS / 4, rng.lognormvariate(0, 0.55) * CHARACTERS)))
    text, title = _text(rng, day, characters, about=about)
    return {
        "url": url,
        "outlet": outlet,
        "title": title,
        "published_at": f"{day}T{rng.randrange(24):02}:{rng.randrange(60):02}:00Z",
        "text": text,
    }


def _original_before(mix: Mix, number: int, rng: random.Random) -> dict[str, Any]:
    """Of the articles a little before this one, one that is no copy itself."""
    for _ in range(20):
        source = rng.randrange(max(0, number - NEAR), number)
        twin = random.Random(f"{mix.seed} {source}")  # noqa: S311
        twin.randrange(400)
        twin.choice(words.OUTLETS)
        if not source or twin.random() >= mix.copies:
            return article(mix, source)
    return article(mix, 0)


def _text(rng: random.Random, day: dt.date, characters: int, *, about: bool) -> tuple[str, str]:
    """Paragraphs of one to three sentences, and a title. On the subject: a third of the sentences tell of it."""
    subject = rng.sample(words.SUBJECT, len(words.SUBJECT)) if about else []
    title = _filled(rng, subject[0] if about else rng.choice(words.OTHER), day)[:90]
    paragraphs: list[str] = []
    length = 0
    while length < characters:
        sentences = []
        for _ in range(rng.randint(1, 3)):
            telling = subject and rng.random() < 0.33
            sentences.append(_filled(rng, subject.pop() if telling else rng.choice(words.OTHER), day))
        paragraphs.append(" ".join(sentences))
        length += len(paragraphs[-1]) + 2
    if about and len(subject) == len(words.SUBJECT):  # a short one must tell of it too
        paragraphs.insert(0, _filled(rng, subject.pop(), day))
    return "\n\n".join(paragraphs), title


def _filled(rng: random.Random, sentence: str, day: dt.date) -> str:
    made = _GAP.sub(lambda gap: _FILLERS[gap[1]](rng, day), sentence)
    return made[0].upper() + made[1:]


_FILLERS: dict[str, Callable[[random.Random, dt.date], str]] = {
    "noun": lambda rng, _: rng.choice(words.NOUNS),
    "adjective": lambda rng, _: rng.choice(words.ADJECTIVES),
    "verb": lambda rng, _: rng.choice(words.VERBS),
    "place": lambda rng, _: rng.choice(words.PLACES),
    "tail": lambda rng, _: rng.choice(words.TAILS),
    "name": lambda rng, _: f"{rng.choice(words.FIRST)} {rng.choice(words.LAST)}",
    "said": lambda rng, _: rng.choice(words.SAID),
    "treaty": lambda rng, _: rng.choice(words.TREATY),
    "n": lambda rng, _: str(rng.randint(2, 900)),
    "day": lambda rng, day: DAYS[(day.weekday() - rng.randint(0, 3)) % 7],
}
