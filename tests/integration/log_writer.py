"""Writes articles and what became of them straight into the log, for tests of what reads it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionFailed,
    ExtractionRequested,
    ExtractionSkipped,
    RecordCorrected,
    article_stream,
    review_stream,
)
from services.core.domain.ids import derived_id
from services.core.domain.timeline import EntryKey
from services.core.eventstore.bodies import Body, BodyWrite, release_bodies, text_sha256
from services.core.eventstore.store import StreamWrite, append, make_event
from services.core.projections.codecs import standing_id

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Telling:
    """What an article tells: a political event, or a position if `proposition` is given."""

    words: str
    date: str
    kind: str = "statement"
    actors: tuple[str, ...] = ("russia",)
    recipients: tuple[str, ...] = ()
    status: str = "actual"
    proposition: str | None = None
    stance: str = "supports"
    confidence: float = 0.9
    person: str | None = None
    named: str | None = None  # the words of the text that name the speaker
    voice: str = "own"
    condition: str | None = None  # words of the text


COMPLIED = standing_id("inf", "russia", "russia-complied")  # the position that tests rule on


def id_of(telling: Telling) -> UUID:
    """The entry that shows it, as long as nobody ruled on it."""
    return EntryKey("inf", telling.kind, telling.date, telling.actors).id


def stated(stance: str = "supports", date: str = "2019-08-02") -> dict[str, str]:
    """The stance and day that a ruling on that position binds to."""
    return {"actor": "russia", "proposition": "russia-complied", "stance": stance, "date": date}


class LogWriter:
    """Appends through the real append, one event at a time."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn

    def _append(self, article_id: str, event: Event, body: Body | None = None) -> int:
        stream = article_stream(article_id)
        bodies = [BodyWrite(stream, article_id, body)] if body else []
        return self._append_to(stream, event, bodies)

    def _append_to(
        self, stream: str, event: Event | RecordCorrected, bodies: Sequence[BodyWrite] = ()
    ) -> int:
        new = make_event(event, id=derived_id("test", next(_numbers)), correlation_id=None, causation_id=None)
        with self.conn.transaction():
            return append(self.conn, [StreamWrite(stream, [new])], bodies).last

    def receive(
        self,
        article_id: str,
        text: str,
        *,
        outlet: str | None = "Wire",
        published_at: str | None = "2019-08-03",
        revision: int = 1,
        current: bool = True,
        url: str | None = None,
        title: str | None = None,
    ) -> int:
        body = Body(title, None, text)
        fields: dict[str, Any] = {
            "article_id": article_id,
            "revision": revision,
            "url": url,
            "outlet": outlet,
            "published_at": published_at,
            "language": None,
            "tags": (),
            "body_sha256": body.sha256.hex(),
            "text_sha256": text_sha256(text).hex(),
            "characters": len(text),
            "received_as": "json",
            "key_id": None,
        }
        event = ArticleReceived(**fields) if revision == 1 else ArticleRevised(current=current, **fields)
        return self._append(article_id, event, body)

    def judge(self, article_id: str, story: str, *, of: str | None = None, revision: int = 1) -> int:
        fields: dict[str, Any] = {
            "article_id": article_id,
            "revision": revision,
            "story_id": str(derived_id("story", story)),
        }
        if of is None:
            return self._append(article_id, ArticleJudgedOriginal(**fields))
        return self._append(
            article_id, ArticleJudgedDuplicate(of=of, method="near", similarity=0.9, **fields)
        )

    def read(
        self,
        article_id: str,
        text: str,
        tellings: Iterable[Telling],
        *,
        revision: int = 1,
        article_date: str | None = "2019-08-03",
        quotations: tuple[dict[str, Any], ...] = (),
        extractor_version: str = "1",
        dossier: str = "inf",
    ) -> int:
        events, positions = [], []
        for t in tellings:
            start = text.index(t.words)
            speaker: dict[str, Any] | None = {"person": t.person} if t.person else None
            if t.named:
                speaker = {"span": _span(text, t.named)}
            shared = {
                "date": t.date,
                "speaker": speaker,
                "confidence": t.confidence,
                "evidence": [start, start + len(t.words)],
            }
            if t.proposition:
                positions.append(
                    {
                        "actor": t.actors[0],
                        "proposition": t.proposition,
                        "stance": t.stance,
                        "condition": _span(text, t.condition) if t.condition else None,
                        "voice": t.voice,
                        **shared,
                    }
                )
            else:
                events.append(
                    {
                        "kind": t.kind,
                        "plover": "SUPPORT",
                        "plover_mode": None,
                        "status": t.status,
                        "actors": list(t.actors),
                        "recipients": list(t.recipients),
                        **shared,
                    }
                )
        return self._append(
            article_id,
            ExtractionCompleted(
                article_id=article_id,
                revision=revision,
                dossier=dossier,
                dossier_version="1",
                extractor_version=extractor_version,
                language="en",
                article_date=article_date,
                article_date_basis="given",
                political_events=tuple(events),
                positions=tuple(positions),
                quotations=quotations,
                dropped=0,
            ),
        )

    def ask_again(self, article_id: str, *, revision: int = 1) -> int:
        event = ExtractionRequested(
            article_id=article_id, revision=revision, dossier="inf", reason="re-reading"
        )
        return self._append(article_id, event)

    def skip(self, article_id: str, *, revision: int = 1, article_date: str | None = "2019-08-03") -> int:
        return self._append(
            article_id,
            ExtractionSkipped(
                article_id=article_id,
                revision=revision,
                dossier="inf",
                dossier_version="1",
                extractor_version="1",
                reason="off-topic",
                language="en",
                article_date=article_date,
                article_date_basis="given",
            ),
        )

    def fail(self, article_id: str, *, revision: int = 1) -> int:
        return self._append(
            article_id,
            ExtractionFailed(
                article_id=article_id,
                revision=revision,
                dossier="inf",
                extractor_version="1",
                error_class="TimeLimitExceeded",
                code="timeout",
                attempts=3,
            ),
        )

    def withdraw(self, article_id: str) -> int:
        with self.conn.transaction():
            position = self._append(
                article_id, ArticleWithdrawn(article_id=article_id, reason="asked", key_id=None)
            )
            release_bodies(self.conn, article_id)
        return position

    def rule(
        self,
        record: UUID,
        verdict: str,
        *,
        kind: str | None = None,
        stated: dict[str, str] | None = None,
        **more: Any,
    ) -> int:
        """An analyst's ruling on an entry, or on a position where `stated` names stance and day."""
        event = RecordCorrected(
            record_type="entry" if stated is None else "position",
            record_id=str(record),
            dossier="inf",
            verdict=verdict,
            reason=more.pop("reason", "looked it up"),
            by=more.pop("by", None),
            key_id=None,
            kind=kind,
            stated=stated,
            **more,
        )
        return self._append_to(review_stream(record), event)

    def article(
        self,
        article_id: str,
        text: str,
        tellings: Iterable[Telling],
        *,
        story: str | None = None,
        of: str | None = None,
        outlet: str | None = "Wire",
        published_at: str | None = "2019-08-03",
        url: str | None = None,
        title: str | None = None,
        quotations: tuple[dict[str, Any], ...] = (),
    ) -> int:
        """Received, judged and read."""
        self.receive(article_id, text, outlet=outlet, published_at=published_at, url=url, title=title)
        self.judge(article_id, story or article_id, of=of)
        return self.read(
            article_id,
            text,
            tellings,
            article_date=(published_at or "2019-08-03")[:10],
            quotations=quotations,
        )


def _span(text: str, words: str) -> list[int]:
    start = text.index(words)
    return [start, start + len(words)]
