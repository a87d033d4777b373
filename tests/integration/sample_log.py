"""The sample dispatches and their coded records as a log that is projected: what a reader of the page sees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import yaml

from services.core.domain.article import article_id
from services.core.domain.canonical_url import canonical_url
from services.core.domain.dossier import Dossier, load_dossier
from services.core.domain.events import ExtractionSkipped
from services.core.domain.reading import (
    ArticleDate,
    PoliticalEvent,
    Position,
    Quotation,
    Reading,
    Span,
    Speaker,
)
from services.core.domain.vocabulary import DateBasis, Stance, Status, Voice
from services.core.eventstore.bodies import text_sha256
from services.core.eventstore.store import read_all
from services.core.eventstore.subscription import save_checkpoint
from services.core.projections.base import PROJECTED
from services.core.projections.registry import projections
from tests.integration.log_writer import LogWriter
from workers.payload import outcome_of

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
COPY_OF = {"15": "14", "16": "14", "24": "23", "27": "26", "38": "37"}  # samples/README.md, "Special roles"
_CONDITION = re.compile(r"\b(unless|if|provided that|as long as|until)\b.*")
_QUOTED = re.compile(r'"([^"]{8,})"')


def project(conn: psycopg.Connection[Any]) -> int:
    """Fold what is new in the log into the read tables, as the projector does; gives the position reached."""
    row = conn.execute("SELECT coalesce(max(global_position), 0) FROM checkpoints").fetchone()
    reached = int(row[0]) if row else 0
    while batch := read_all(conn, reached, 500):
        reached = batch[-1].global_position
        with conn.transaction():
            for projection in projections():
                projection.apply(conn, batch)
                save_checkpoint(conn, projection.name, reached)
            conn.execute("SELECT pg_notify(%s, %s)", [PROJECTED, str(reached)])
    return reached


def write_samples(conn: psycopg.Connection[Any]) -> None:
    """Every sample dispatch received, judged and read as it was coded by hand."""
    log, ids, revisions = LogWriter(conn), {}, dict[str, int]()
    for record in yaml.safe_load((SAMPLES / "gold.yaml").read_text("utf-8")):
        posted = json.loads((SAMPLES / record["article"]).read_text("utf-8"))
        url, text, number = canonical_url(posted["url"]), posted["text"], record["article"][:2]
        ids[number] = article = article_id(url, text_sha256(text).hex())
        revisions[article] = revision = revisions.get(article, 0) + 1
        log.receive(article, text, outlet=posted.get("outlet"), published_at=posted.get("published_at"),
                    revision=revision, url=url, title=posted.get("title"))  # fmt: skip
        original = COPY_OF.get(number)
        log.judge(article, ids[original or number], of=ids[original] if original else None, revision=revision)
        reading = Reading(
            "inf",
            "en",
            bool(record["positions"] or record["events"]),
            ArticleDate(str(record["date"]), DateBasis.GIVEN if record["given_date"] else DateBasis.TEXT),
            tuple(_quotations(text)),
            tuple(_positions(text, record["positions"])),
            tuple(_events(text, record["events"])),
        )
        outcome = outcome_of(
            reading, article_id=article, revision=revision, dossier_version="1", extractor_version="by-hand"
        )
        assert reading.relevant != isinstance(outcome, ExtractionSkipped)
        log._append(article, outcome)


def _span(text: str, evidence: str) -> Span:
    start = text.index(evidence)
    return Span(start, start + len(evidence))


def _positions(text: str, records: list[dict[str, Any]]) -> Iterator[Position]:
    for record in records:
        span = _span(text, record["evidence"])
        condition = _CONDITION.search(record["evidence"]) if record["stance"] == "conditional" else None
        speaker = _speaker(load_dossier("inf"), text, span, record["actor"])
        yield Position(
            record["actor"],
            record["proposition"],
            Stance(record["stance"]),
            span,
            str(record["date"]),
            Span(span.start + condition.start(), span.end) if condition else None,
            speaker,
            Voice.OWN if '"' in record["evidence"] else Voice.REPORTED,
            0.9,
        )


def _events(text: str, records: list[dict[str, Any]]) -> Iterator[PoliticalEvent]:
    dossier = load_dossier("inf")
    for record in records:
        kind, span = dossier.kinds[record["kind"]], _span(text, record["evidence"])
        actors = tuple(sorted(record["actors"]))
        yield PoliticalEvent(
            kind.id,
            kind.plover,
            kind.plover_mode,
            str(record["date"]),
            Status(record["status"]),
            actors,
            tuple(record["recipients"]),
            span,
            _speaker(dossier, text, span, actors[0]) if actors else None,
            0.9,
        )


def _quotations(text: str) -> Iterator[Quotation]:
    for found in _QUOTED.finditer(text):
        yield Quotation(Span(*found.span(1)), direct=True)


def _speaker(dossier: Dossier, text: str, span: Span, actor: str) -> Speaker | None:
    """Whoever is named in full in the same paragraph and ever spoke for the actor."""
    start = text.rfind("\n", 0, span.start) + 1
    paragraph = text[start : text.find("\n", span.end) % (len(text) + 1)]
    for person in dossier.people.values():
        if person.name in paragraph and any(office.actor == actor for office in person.offices):
            return Speaker(person=person.id)
    return None
