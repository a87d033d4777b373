"""What `treatyline export` writes: the present rows of the read tables, with the names that DESIGN.md gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A file: the query that fills it, and DuckDB's types of its columns, in the query's order."""

    name: str
    query: str
    columns: Mapping[str, str]


TEXT, TEXTS, INTEGER, NUMBER = "VARCHAR", "VARCHAR[]", "BIGINT", "DOUBLE"
DAY, MOMENT, YES_NO = "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"

_TOLD = {
    "article_id": TEXT, "revision": INTEGER, "outlet": TEXT, "url": TEXT, "published_at": TEXT,
    "published_on": DAY, "story_id": TEXT, "copy": YES_NO, "person": TEXT, "speaker": TEXT, "confidence": NUMBER,
    "evidence_start": INTEGER, "evidence_end": INTEGER, "evidence_text": TEXT, "sentence": TEXT,
}  # fmt: skip
_COUNTS = {
    "mentions": INTEGER,
    "outlets": INTEGER,
    "stories": INTEGER,
    "version": INTEGER,
    "updated_at": MOMENT,
}

EVENTS = Table(
    "events",
    "SELECT e.id, e.dossier, e.kind, e.plover, e.plover_mode, e.date,"
    " CASE length(e.date) WHEN 4 THEN 'year' WHEN 7 THEN 'month' ELSE 'day' END AS precision,"
    " e.date_from, e.date_to, e.status, e.actors, e.recipients, e.summary, e.confidence,"
    " e.mention_count AS mentions, e.outlet_count AS outlets, e.story_count AS stories, e.version,"
    " last.recorded_at AS updated_at, first.recorded_at AS recorded_at"
    " FROM read.entries e JOIN events last ON last.global_position = e.from_position"
    " JOIN events first ON first.global_position ="
    "  (SELECT min(f.from_position) FROM read.entries f WHERE f.id = e.id)"
    " WHERE e.to_position IS NULL AND e.change IN ('added', 'changed') ORDER BY e.date_from, e.id",
    {
        "id": TEXT, "dossier": TEXT, "kind": TEXT, "plover": TEXT, "plover_mode": TEXT, "date": TEXT,
        "precision": TEXT, "date_from": DAY, "date_to": DAY, "status": TEXT, "actors": TEXTS,
        "recipients": TEXTS, "summary": TEXT, "confidence": NUMBER, **_COUNTS, "recorded_at": MOMENT,
    },
)  # fmt: skip

MENTIONS = Table(
    "mentions",
    "SELECT t.entry_id AS event_id, t.dossier, t.kind, t.date, t.status, t.actors, t.recipients,"
    " t.article_id, t.revision, t.outlet, t.url, t.published_at, t.published_on, t.story_id, t.is_copy AS copy,"
    " t.person, t.speaker, t.confidence, t.evidence_start, t.evidence_end, t.evidence_text, t.sentence"
    " FROM read.mentions t"
    " JOIN read.entries e ON e.id = t.entry_id AND e.to_position IS NULL"
    " WHERE t.to_position IS NULL AND e.change IN ('added', 'changed')"
    " ORDER BY t.published_on, t.article_id, t.evidence_start, t.id",
    {
        "event_id": TEXT, "dossier": TEXT, "kind": TEXT, "date": TEXT, "status": TEXT, "actors": TEXTS,
        "recipients": TEXTS, **_TOLD,
    },
)  # fmt: skip

POSITIONS = Table(
    "positions",
    "SELECT s.id, s.dossier, s.actor, s.proposition, s.stance, s.condition, s.contested, s.since, s.last_stated,"
    " s.voice, s.mention_count AS mentions, s.outlet_count AS outlets, s.story_count AS stories, s.version,"
    " v.recorded_at AS updated_at"
    " FROM read.standings s JOIN events v ON v.global_position = s.from_position"
    " WHERE s.to_position IS NULL AND s.stance IS NOT NULL ORDER BY s.dossier, s.actor, s.proposition",
    {
        "id": TEXT, "dossier": TEXT, "actor": TEXT, "proposition": TEXT, "stance": TEXT, "condition": TEXT,
        "contested": YES_NO, "since": TEXT, "last_stated": TEXT, "voice": TEXT, **_COUNTS,
    },
)  # fmt: skip

STATEMENTS = Table(
    "statements",
    "SELECT t.dossier, t.actor, t.proposition, t.stance, t.date, t.date_to, t.voice, t.condition,"
    " t.article_id, t.revision, t.outlet, t.url, t.published_at, t.published_on, t.story_id, t.is_copy AS copy,"
    " t.person, t.speaker, t.confidence, t.evidence_start, t.evidence_end, t.evidence_text, t.sentence"
    " FROM read.statements t WHERE t.to_position IS NULL AND NOT t.rejected"
    " ORDER BY t.dossier, t.actor, t.proposition, t.date_to, t.article_id, t.id",
    {
        "dossier": TEXT, "actor": TEXT, "proposition": TEXT, "stance": TEXT, "date": TEXT, "date_to": DAY,
        "voice": TEXT, "condition": TEXT, **_TOLD,
    },
)  # fmt: skip

# No texts of articles: a title names one, and the words that carry a record are in `mentions` and `statements`.
ARTICLES = Table(
    "articles",
    "SELECT a.id, a.state, a.reason, a.revision, r.url, a.outlet, b.title, b.author, r.published_at, a.published_on,"
    " coalesce(r.language_read, r.language) AS language, r.tags, r.text_sha256, a.story_id, a.judged,"
    " a.duplicate_of, a.method, a.similarity, a.received_at"
    " FROM read.articles a JOIN read.article_revisions r ON r.article_id = a.id AND r.revision = a.revision"
    " LEFT JOIN article_bodies b ON b.sha256 = decode(r.body_sha256, 'hex') AND a.state <> 'withdrawn'"
    " ORDER BY a.received_position",
    {
        "id": TEXT, "state": TEXT, "reason": TEXT, "revision": INTEGER, "url": TEXT, "outlet": TEXT,
        "title": TEXT, "author": TEXT, "published_at": TEXT, "published_on": DAY, "language": TEXT,
        "tags": TEXTS, "text_sha256": TEXT, "story_id": TEXT, "judged": TEXT, "duplicate_of": TEXT,
        "method": TEXT, "similarity": NUMBER, "received_at": MOMENT,
    },
)  # fmt: skip

TABLES = (EVENTS, MENTIONS, POSITIONS, STATEMENTS, ARTICLES)
