"""Reading an article for a dossier, once for each different input.

What is read out depends on the text, the title, the day and language it was posted with, on whose own statements
the outlet publishes, and, where no day was posted, on the address and the day of receipt: an exact copy with the
same ones reuses the reading, whichever newspaper it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import psycopg

from services.core import metrics
from services.core.domain.dossier import load_dossier
from services.core.domain.events import ExtractionCompleted, ExtractionSkipped, event_of
from services.core.domain.ids import derived_id
from services.core.domain.reading import ArticleText, Reading
from services.core.errors import UnknownEventVersion
from services.core.eventstore.bodies import Body
from services.core.eventstore.store import read_all
from workers.articles import Article
from workers.extraction.endpoint.client import READ, Endpoint
from workers.payload import outcome_of

FIND = "SELECT global_position FROM readings WHERE input = %s"
FIND_ALL = "SELECT input FROM readings WHERE input = ANY (%s::uuid[])"
REMEMBER = "INSERT INTO readings (input, global_position) VALUES (%s, %s) ON CONFLICT DO NOTHING"
REMEMBER_ALL = """
INSERT INTO readings (input, global_position) SELECT * FROM unnest(%s::uuid[], %s::bigint[]) AS r (input, position)
 ORDER BY input ON CONFLICT DO NOTHING
"""


class Reads(Protocol):
    """What reads articles for one dossier: `workers.extraction.reader.Reader`."""

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        """All that it reads out of the article; `gated`: no more than that it is off topic, where it is."""

    def owner(self, article: ArticleText) -> str | None:
        """The actor whose own statements the article's outlet publishes."""


@runtime_checkable
class PassesOver(Protocol):
    """What tells quickly which articles need no reading: not every reader does."""

    def passed_over(self, article: ArticleText) -> Reading | None:
        """What `read`, gated, gives of an article in another language or off topic; None where it is to be read."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with the versions that shape what it reads."""

    dossier: str
    dossier_version: str
    extractor_version: str
    reads: Reads


def load_readers(
    dossiers: tuple[str, ...], endpoint: Endpoint | None = None, threads: int = 2
) -> Mapping[str, Reader]:
    """A reader for each dossier, warm: all that is loaded at the first article on its subject. Takes seconds.

    `threads`: at most so many sentences are encoded side by side.
    """
    from workers.extraction.endpoint.reader import EndpointReader  # noqa: PLC0415 - heavy
    from workers.extraction.learned import encoder, weighing  # noqa: PLC0415 - heavy
    from workers.extraction.learned.side_by_side import use_threads  # noqa: PLC0415 - with what is heavy
    from workers.extraction.patterns import lexicon  # noqa: PLC0415 - with what is heavy
    from workers.extraction.reader import Reader as BuiltIn  # noqa: PLC0415 - heavy

    use_threads(threads)
    readers = {}
    for name in dossiers:
        dossier = load_dossier(name)
        warming = BuiltIn(dossier)
        # Parser, names and dates by a sentence; of the rest not every dossier's subject is known here.
        warming.read(ArticleText("Moscow, May 4. Russia said on Monday that it would keep the INF Treaty."))
        lexicon(name).compile_all()
        encoder.load(name)
        weighing.load_weights(name)
        reads = EndpointReader(dossier, endpoint) if endpoint else warming
        readers[name] = Reader(name, dossier.version, reads.EXTRACTOR_VERSION, reads)
    return readers


def article_text(article: Article, body: Body) -> ArticleText:
    """The article as the reader gets it."""
    data = article.current.data
    return ArticleText(
        text=body.text,
        title=body.title,
        published_at=data["published_at"],
        language=data["language"],
        outlet=data["outlet"],
        url=data["url"],
        received_on=article.current.recorded_at.date().isoformat(),
    )


def input_id(text: ArticleText, text_sha256: str, reader: Reader) -> UUID:
    """Names what the reading depends on: the input and the versions of the reader and the dossier."""
    return derived_id(
        "reading",
        text_sha256,
        text.title or "",
        (text.published_at or "")[:10],
        text.language or "",
        reader.reads.owner(text) or "",
        *(("", "") if text.published_at else (text.url or "", text.received_on or "")),
        reader.dossier,
        reader.dossier_version,
        reader.extractor_version,
    )


def reuse(
    conn: psycopg.Connection[Any], input_: UUID | None, article: Article
) -> ExtractionCompleted | ExtractionSkipped | None:
    """The reading of an equal input as this article's own, or None where there is none."""
    row = conn.execute(FIND, [input_]).fetchone()
    if row is None:
        return None
    try:
        found = read_all(conn, row[0] - 1, 1)
    except UnknownEventVersion:
        return None  # a newer release read it: so do we, in our own way
    if not found:
        return None
    data = {**found[0].data, "article_id": article.article_id, "revision": article.revision}
    event = event_of(found[0].type, data)
    return event if isinstance(event, ExtractionCompleted | ExtractionSkipped) else None


def read(text: ArticleText, article: Article, reader: Reader) -> ExtractionCompleted | ExtractionSkipped:
    """Reads the article. Whatever the reader raises comes through.

    Where a second reader was asked in vain, the outcome bears the version of the one that read.
    """
    reading = reader.reads.read(text, gated=True)
    version = reader.extractor_version
    for reason, count in reading.refused.items():
        metrics.RECORDS_REFUSED.labels(reason).inc(count)
    if reading.second_reader is not None:
        metrics.SECOND_READER.labels(reading.second_reader.outcome).inc()
        if reading.second_reader.outcome != READ:
            version = version.partition("+")[0]
    return outcome(reading, article, reader, version)


def outcome(
    reading: Reading, article: Article, reader: Reader, extractor_version: str
) -> ExtractionCompleted | ExtractionSkipped:
    """The event that says what was read out of the article."""
    return outcome_of(
        reading,
        article_id=article.article_id,
        revision=article.revision,
        dossier_version=reader.dossier_version,
        extractor_version=extractor_version,
    )
