"""A log as the services write it, of any length: articles come in, are judged and are read, well-formed and seeded.

Of each hundred articles `on_topic` × 100 tell five political events and five positions; every fifth is a copy of
an earlier one. What is told follows a law like Zipf's, as news does: a few acts are told in thousands of
articles, most in a handful; one event in five is of the article's own day. Only articles on the subject have
their words stored: nothing that is measured here reads the others' words.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.dossier import load_dossier
from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ExtractionCompleted,
    ExtractionSkipped,
    article_stream,
)
from services.core.domain.vocabulary import Stance
from services.core.eventstore.bodies import Body, BodyWrite
from services.core.eventstore.events import NewEvent, StreamWrite
from services.core.eventstore.store import append, flush

DOSSIER = "inf"
OUTLETS = 200
STORY_DAYS = 12 * 365  # that the articles spread over
FIRST_DAY = dt.date(2012, 1, 1)
WINDOW = 50  # articles that are on their way at the same time
ACTS, TOLD = 3_000, 5
SENTENCE = (
    "On {date} a spokesman for {actor} said that what had been told of {kind} would not change {number}. "
)
READER = {"dossier_version": "1.1.0", "extractor_version": "0" * 12}


@dataclass(frozen=True, slots=True)
class _Step:
    """One event of one article, with the position in its stream."""

    stream: str
    position: int
    event: NewEvent
    body: BodyWrite | None = None


class GeneratedLog:
    """Articles by seed; three events each, interleaved as a busy system's are."""

    def __init__(self, *, on_topic: float = 0.01, copies: float = 0.2, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._on_topic = on_topic
        self._copies = copies
        self._dossier = load_dossier(DOSSIER)
        self._stories: list[tuple[UUID, str]] = []  # the latest originals
        self._acts = [self._act(self._day()) for _ in range(ACTS)]
        self._act_weights = _zipf(ACTS)
        actors, questions = list(self._dossier.actors)[:20], list(self._dossier.propositions)
        self._cells = [(actor, question) for actor in actors for question in questions]
        self._random.shuffle(self._cells)
        self._cell_weights = _zipf(len(self._cells))

    def fill(
        self, conn: psycopg.Connection[Any], events: int, *, batch: int = 500, seconds: float = math.inf
    ) -> int:
        """Appends that many, give or take a few, by `append_events`; how many it were. `conn` in autocommit.

        Stops after `seconds`: a machine that is busy with other things gets a shorter log.
        """
        written = 0
        end = time.monotonic() + seconds
        pending: list[_Step] = []
        for steps in self._windows():
            pending += steps
            if len(pending) >= batch:
                written += self._append(conn, pending)
                pending = []
            if written >= events or time.monotonic() > end:
                break
        flush(conn)
        return written

    def _append(self, conn: psycopg.Connection[Any], steps: list[_Step]) -> int:
        # A stream stands once in an append: the steps of one article go one after the other.
        for position in (0, 1, 2):
            group = [step for step in steps if step.position == position]
            writes = [StreamWrite(step.stream, [step.event], position - 1) for step in group]
            append(conn, writes, [step.body for step in group if step.body], flush_later=True)
        return len(steps)

    def _windows(self) -> Iterator[list[_Step]]:
        number = 0
        while True:
            articles = [self._article(number + offset) for offset in range(WINDOW)]
            number += WINDOW
            yield [step for article in articles for step in article]

    def _article(self, number: int) -> list[_Step]:
        pick = self._random
        day = FIRST_DAY + dt.timedelta(days=number // 40 % STORY_DAYS)
        article_id = str(self._uuid())
        stream = article_stream(article_id)
        topical = pick.random() < self._on_topic
        if topical:
            acts = [*pick.choices(self._acts, self._act_weights, k=TOLD - 1), self._act(day)]
            cells = pick.choices(self._cells, self._cell_weights, k=TOLD)
            body, spans = self._words(number, acts, cells)
        else:
            acts, cells, body, spans = [], [], None, []
        sha256 = body.sha256.hex() if body else f"{pick.getrandbits(256):064x}"
        outlet = f"Outlet {min(int(pick.paretovariate(0.7)), OUTLETS)}"
        received = ArticleReceived(
            article_id=article_id,
            revision=1,
            url=f"https://www.outlet-{number % OUTLETS}.example/news/{day:%Y/%m/%d}/{article_id}",
            outlet=outlet,
            published_at=f"{day.isoformat()}T{number % 24:02}:15:00+00:00",
            language="en",
            tags=(),
            body_sha256=sha256,
            text_sha256=sha256[::-1],
            characters=len(body.text) if body else 3_000,
            received_as="json",
            key_id=None,
        )
        first = self._event(received, None)
        judged = self._judged(article_id)
        second = self._event(judged, first)
        common: dict[str, Any] = {
            "article_id": article_id,
            "revision": 1,
            "dossier": DOSSIER,
            **READER,
            "language": "en",
            "article_date": day.isoformat(),
            "article_date_basis": "published",
        }
        read: ExtractionCompleted | ExtractionSkipped
        if topical:
            read = ExtractionCompleted(
                political_events=tuple(
                    self._political_event(act, span) for act, span in zip(acts, spans, strict=True)
                ),
                positions=tuple(
                    self._position(cell, day, span) for cell, span in zip(cells, spans, strict=True)
                ),
                quotations=tuple(self._quotation(span) for span in spans),
                dropped=0,
                **common,
            )
        else:
            read = ExtractionSkipped(reason="off-topic", **common)
        write = BodyWrite(stream, article_id, body) if body else None
        return [
            _Step(stream, 0, first, write),
            _Step(stream, 1, second),
            _Step(stream, 2, self._event(read, second, **READER)),
        ]

    def _judged(self, article_id: str) -> ArticleJudgedOriginal | ArticleJudgedDuplicate:
        pick = self._random
        if self._stories and pick.random() < self._copies:
            story, of = self._stories[-1 - min(int(pick.paretovariate(0.5)), len(self._stories) - 1)]
            return ArticleJudgedDuplicate(
                article_id=article_id, revision=1, story_id=str(story), of=of, method="near", similarity=0.93
            )
        story = self._uuid()
        self._stories.append((story, article_id))
        del self._stories[:-1_000]
        return ArticleJudgedOriginal(article_id=article_id, revision=1, story_id=str(story))

    # -- what is told ------------------------------------------------------------------------------------

    def _day(self) -> dt.date:
        return FIRST_DAY + dt.timedelta(days=self._random.randrange(STORY_DAYS))

    def _act(self, day: dt.date) -> tuple[str, str, tuple[str, ...]]:
        """Kind, date and actors. What happens once is told of few days, by the day or coarser."""
        pick = self._random
        kind = pick.choice(list(self._dossier.kinds))
        date = day.isoformat()
        if self._dossier.kinds[kind].once:
            date = f"{2012 + pick.randrange(9)}-{1 + pick.randrange(2):02}-0{1 + pick.randrange(3)}"
            date = date[: pick.choice((10, 10, 10, 7, 4))]
        actors = list(self._dossier.actors)[: 3 if self._dossier.kinds[kind].once else 12]
        return kind, date, tuple(pick.sample(actors, pick.choice((1, 1, 1, 2))))

    def _words(self, number: int, acts: list[Any], cells: list[Any]) -> tuple[Body, list[tuple[int, int]]]:
        text, spans = "", []
        for place, ((kind, date, _), (actor, question)) in enumerate(zip(acts, cells, strict=True)):
            sentence = SENTENCE.format(date=date, actor=actor, kind=kind, number=f"{number}-{place}")
            spans.append((len(text), len(text) + len(sentence) - 1))
            text += (
                sentence
                + f"Nobody else had heard of {question} that day, and the papers said so at length. " * 6
            )
        return Body(f"Article {number}", None, text), spans

    def _political_event(
        self, act: tuple[str, str, tuple[str, ...]], span: tuple[int, int]
    ) -> dict[str, Any]:
        kind, date, actors = act
        known = self._dossier.kinds[kind]
        return {
            "kind": kind,
            "plover": known.plover,
            "plover_mode": known.plover_mode,
            "date": date,
            "status": "planned" if self._random.random() < 0.1 else "actual",
            "actors": list(actors),
            "recipients": [self._random.choice(("usa", "russia", "nato"))],
            "speaker": {"span": [span[0], span[0] + 20]},
            "confidence": round(self._random.uniform(0.5, 1.0), 3),
            "evidence": list(span),
        }

    def _position(self, cell: tuple[str, str], day: dt.date, span: tuple[int, int]) -> dict[str, Any]:
        pick = self._random
        stance = pick.choices([s.value for s in Stance], k=1)[0]
        return {
            "actor": cell[0],
            "proposition": cell[1],
            "stance": stance,
            "condition": [span[0], span[0] + 10] if stance == Stance.CONDITIONAL.value else None,
            "date": (day - dt.timedelta(days=pick.randrange(3))).isoformat(),
            "speaker": None,
            "voice": "reported",
            "confidence": round(pick.uniform(0.5, 1.0), 3),
            "evidence": list(span),
        }

    def _quotation(self, span: tuple[int, int]) -> dict[str, Any]:
        return {
            "source": [span[0], span[0] + 10],
            "cue": [span[0] + 11, span[0] + 15],
            "content": [span[0] + 16, span[1]],
            "speaker": {"span": [span[0], span[0] + 10]},
            "actor": "nato",
            "direct": False,
        }

    # -- events ------------------------------------------------------------------------------------------

    def _event(self, event: Any, cause: NewEvent | None, **versions: str) -> NewEvent:
        """As `make_event` makes it, without the detour of copying every field."""
        id_ = self._uuid()
        metadata = {
            "correlation_id": cause.metadata["correlation_id"] if cause else str(id_),
            "causation_id": str(cause.id) if cause else None,
            "schema_version": 1,
            "code_version": "0.1.0",
            **versions,
        }
        return NewEvent(
            id_, event.type, {name: getattr(event, name) for name in _names(type(event))}, metadata
        )

    def _uuid(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


@cache
def _names(event: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(event))


def _zipf(count: int) -> list[float]:
    return [1 / (rank + 2.7) for rank in range(count)]
