"""The index of copies for articles that are judged one after another, in one transaction: looked up together beforehand,
added together at the end.

What each of them adds is kept here meanwhile and found by the next, so that each is judged as if it had come alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.events import article_stream
from services.core.eventstore.arrays import (
    BIGINT,
    BYTEA,
    INTEGER,
    TEXT,
    Packed,
    bigint,
    bind_packed,
    integer,
    pack,
)
from services.core.eventstore.arrays import UUID as UUIDS
from workers.dedup.furniture import LATELY, UNKNOWN, Printed, furniture_in, printed
from workers.dedup.index import SHARING, PostgresIndex, array
from workers.dedup.near_duplicates import Fingerprint
from workers.dedup.search import (
    CANDIDATES,
    Beside,
    Known,
    MovedError,
    Sharing,
    Text,
    Verdict,
    few_of_each_story,
    most_shared,
)

# Of each article, by its number, where its stream is, and the first with an equal text. And what its outlet printed
# lately, by the outlet.
BESIDE_ALL = f"""
WITH asked AS (
    SELECT * FROM unnest(%b::text[], %b::bytea[], %b::uuid[])
                  WITH ORDINALITY AS a (stream_name, text_sha256, article_id, number))
SELECT number, e.position::integer AS ref, NULL::uuid AS article_id, NULL::uuid AS story_id, NULL::bigint AS outlet,
       NULL::bytea AS body
  FROM asked a CROSS JOIN LATERAL (
    SELECT position FROM events WHERE stream_name = a.stream_name ORDER BY position DESC LIMIT 1) AS e
UNION ALL
SELECT number, f.ref, f.article_id, f.story_id, NULL, NULL
  FROM asked a CROSS JOIN LATERAL (
    SELECT ref, article_id, story_id FROM fingerprints
     WHERE text_sha256 = a.text_sha256 AND article_id <> a.article_id ORDER BY ref LIMIT 1) AS f
UNION ALL
SELECT NULL, f.ref, NULL, NULL, o.outlet, f.body_sha256
  FROM unnest(%b::bigint[]) AS o (outlet) CROSS JOIN LATERAL (
    SELECT ref, body_sha256 FROM fingerprints WHERE outlet = o.outlet ORDER BY ref DESC LIMIT {LATELY}) AS f
"""  # noqa: S608 - a constant, so that the plan knows how few they are
KNOWN = """
SELECT f.ref, f.article_id, f.story_id, f.furniture, f.body_sha256
  FROM fingerprints f JOIN article_bodies b ON b.sha256 = f.body_sha256 WHERE f.ref = ANY (%s::integer[])
"""
# Those of the keys that some article of the story has a row for.
OF_STORY = """
SELECT k.key FROM unnest(%s::integer[]) AS k (key)
 WHERE %b = ANY (SELECT (SELECT f.story_id FROM fingerprints f WHERE f.ref = s.ref) FROM shingle_keys s WHERE s.key = k.key)
"""
# The rows are numbered as they come, in order. What an outlet printed is kept of its last articles alone.
ADD_ALL = f"""
WITH added AS (
    INSERT INTO fingerprints (revision, outlet, article_id, story_id, text_sha256, body_sha256, furniture, keys)
    SELECT revision, outlet, article_id, story_id, text_sha256, body_sha256, furniture::bigint[], keys::integer[]
      FROM unnest(%b::integer[], %b::bigint[], %b::uuid[], %b::uuid[], %b::bytea[], %b::bytea[], %b::text[], %b::text[])
           WITH ORDINALITY AS a (revision, outlet, article_id, story_id, text_sha256, body_sha256, furniture, keys, number)
     ORDER BY number
    RETURNING ref, article_id),
printed AS (
    INSERT INTO printed_lately (ref, words, lines, sample)
    SELECT ref, words, lines::bigint[], sample::integer[]
      FROM unnest(%b::uuid[], %b::integer[], %b::text[], %b::text[]) AS p (article_id, words, lines, sample)
      JOIN added USING (article_id)),
no_longer AS (
    DELETE FROM printed_lately p
     USING unnest(%b::bigint[], %b::integer[]) AS o (outlet, count) CROSS JOIN LATERAL (
           SELECT ref FROM fingerprints f WHERE f.outlet = o.outlet
            ORDER BY ref DESC OFFSET greatest(0, {LATELY} - o.count) LIMIT {LATELY}) AS f
     WHERE p.ref = f.ref)
INSERT INTO shingle_keys (key, ref)
SELECT k.key, added.ref FROM unnest(%b::uuid[], %b::text[]) AS a (article_id, keys) JOIN added USING (article_id)
 CROSS JOIN LATERAL unnest(a.keys::integer[]) AS k (key)
"""  # noqa: S608 - constants
_NEW = 1 << 32  # from here on are those that have no number in the index yet: it counts in 32 bits


class TogetherIndex:
    """`CopyIndex` for these texts, in this order, inside the caller's transaction. `write` adds what was added."""

    def __init__(self, conn: psycopg.Connection[Any], texts: Sequence[Text]) -> None:
        self._alone = PostgresIndex(conn)
        self._cursor = conn.cursor(binary=True)
        bind_packed(self._cursor)
        self._versions: dict[str, int] = {}
        self._equal: dict[str, Known] = {}  # by article
        self._lately: dict[int, list[Printed]] = {}  # by outlet, the last first
        self._rows: dict[int, list[int]] = {}  # refs by key
        self._known: dict[int, Known | None] = {}
        self._ranked: dict[Sequence[int], tuple[list[int], frozenset[int]]] = {}
        self._added: list[tuple[Text, int, UUID, bytes, Verdict]] = []
        self._first: dict[bytes, Known] = {}  # of those added, by text
        self._new_rows: defaultdict[int, list[int]] = defaultdict(list)
        self._printed_new: defaultdict[int, list[Printed]] = defaultdict(list)
        self._look_beside(texts)
        self._look_ahead(texts)

    def _look_beside(self, texts: Sequence[Text]) -> None:
        outlets = {text.outlet for text in texts} - {UNKNOWN}
        asked = [
            pack(TEXT, [article_stream(text.article_id).encode() for text in texts]),
            pack(BYTEA, [text.sha256 for text in texts]),
            pack(UUIDS, [UUID(text.article_id).bytes for text in texts]),
            pack(BIGINT, [bigint(outlet) for outlet in outlets]),
        ]
        printed_by: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for number, ref, article, story, outlet, body in self._cursor.execute(BESIDE_ALL, asked):
            if outlet is not None:
                printed_by[outlet].append((ref, body))
            elif article is not None:
                self._equal[texts[number - 1].article_id] = Known(ref, str(article), story)
            else:
                self._versions[texts[number - 1].article_id] = ref
        says = self._alone.printed_in({ref: body for rows in printed_by.values() for ref, body in rows})
        for outlet, rows in printed_by.items():
            rows.sort(reverse=True)
            self._lately[outlet] = [says[body] for _, body in rows if body in says]

    def _look_ahead(self, texts: Sequence[Text]) -> None:
        """Has at hand what each search asks for, as long as none of them turns out to be a copy of another."""
        before: defaultdict[int, list[Printed]] = defaultdict(list)
        queries = []
        for text in texts:
            if text.article_id not in self._equal:
                lately = [*reversed(before[text.outlet][-LATELY:]), *self._lately.get(text.outlet, ())]
                queries.append(
                    text.fingerprint.without(furniture_in(text.fingerprint, lately[:LATELY])).query
                )
            if text.outlet != UNKNOWN:
                before[text.outlet].append(printed(text.fingerprint))
        self._load_rows(queries)
        for query in queries:
            self._ranked[query] = most_shared((key, ref) for key in query for ref in self._rows[key])
        self._load_known({ref for refs, _ in self._ranked.values() for ref in refs})
        likely = [few_of_each_story(self._articles(refs)) for refs, _ in self._ranked.values()]
        self._alone.fetch([known for candidates in likely for known in candidates[:CANDIDATES]])

    def _load_rows(self, queries: Iterable[Sequence[int]]) -> None:
        missing = {key for query in queries for key in query if key not in self._rows}
        if not missing:
            return
        self._rows |= {key: [] for key in missing}
        for key, ref in self._cursor.execute(SHARING, [array(missing)]):
            self._rows[key].append(ref)

    def _load_known(self, refs: Iterable[int]) -> None:
        missing = {ref for ref in refs if ref not in self._known}
        if not missing:
            return
        self._known |= dict.fromkeys(missing)
        for ref, article, story, furniture, body in self._cursor.execute(KNOWN, [array(missing)]):
            self._known[ref] = Known(ref, str(article), story, frozenset(furniture or ()), body)

    def _articles(self, refs: Iterable[int]) -> list[Known]:
        return [known for ref in refs if (known := self._known[ref]) is not None]

    def beside(self, text: Text) -> Beside:
        if text.version is not None and text.version != self._versions.get(text.article_id):
            raise MovedError(text.article_id)
        equal = self._equal.get(text.article_id) or self._first.get(text.sha256)
        lately = [*reversed(self._printed_new[text.outlet][-LATELY:]), *self._lately.get(text.outlet, ())]
        return Beside(equal, lately[:LATELY])

    def sharing(self, query: Sequence[int], besides: str) -> Sharing:
        self._load_rows([query])
        ranked = self._ranked.get(query)
        if ranked is None or not self._new_rows.keys().isdisjoint(query):
            rows = [(key, ref) for key in query for ref in (*self._rows[key], *self._new_rows.get(key, ()))]
            ranked = most_shared(rows)
        refs, crowded = ranked
        self._load_known(refs)
        return Sharing([known for known in self._articles(refs) if known.article_id != besides], crowded)

    def fetch(self, known: Sequence[Known]) -> None:
        self._alone.fetch([article for article in known if article.ref < _NEW])

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        if known.ref >= _NEW:
            return self._added[known.ref - _NEW][0].fingerprint
        return self._alone.fingerprint_of(known)

    def warm(self) -> None:
        """Makes the fingerprints that will be compared, for whoever looks the same up in this process."""
        for refs, _ in self._ranked.values():
            for known in few_of_each_story(self._articles(refs)):
                self.fingerprint_of(known)

    def add(self, text: Text, revision: int, story_id: UUID, body_sha256: bytes, verdict: Verdict) -> None:
        """Remember an article and the verdict on it, until `write`."""
        ref = _NEW + len(self._added)
        if verdict.of is not None and verdict.keys:  # a story has one row for a key
            there = {key for (key,) in self._cursor.execute(OF_STORY, [array(verdict.keys), story_id])}
            there |= {
                key
                for key in verdict.keys
                for other in self._new_rows.get(key, ())
                if self._story_of(other) == story_id
            }
            verdict = Verdict(
                verdict.of,
                verdict.method,
                verdict.similarity,
                tuple(key for key in verdict.keys if key not in there),
                verdict.furniture,
            )
        self._added.append((text, revision, story_id, body_sha256, verdict))
        known = Known(ref, text.article_id, story_id, verdict.furniture, body_sha256)
        self._known[ref] = known
        self._first.setdefault(text.sha256, known)
        if text.outlet != UNKNOWN:
            self._printed_new[text.outlet].append(printed(text.fingerprint))
        for key in verdict.keys:
            self._new_rows[key].append(ref)

    def _story_of(self, ref: int) -> UUID:
        return self._added[ref - _NEW][2]

    def write(self) -> None:
        """Adds to the index what was added here. Nothing can be asked of it any more."""
        if self._added:
            self._cursor.execute(
                ADD_ALL, [*self._articles_added(), *self._printed_now(), *self._keys_added()]
            )

    def _articles_added(self) -> list[Packed]:
        added = self._added
        own = [text.fingerprint.without(verdict.furniture).keys for text, _, _, _, verdict in added]
        furniture = [array(sorted(verdict.furniture)) if verdict.furniture else None for *_, verdict in added]
        return [
            pack(INTEGER, [integer(revision) for _, revision, *_ in added]),
            pack(BIGINT, [bigint(text.outlet) for text, *_ in added]),
            _uuids(text.article_id for text, *_ in added),
            pack(UUIDS, [story.bytes for _, _, story, *_ in added]),
            pack(BYTEA, [text.sha256 for text, *_ in added]),
            pack(BYTEA, [body for *_, body, _ in added]),
            _texts(furniture),
            _texts(array(keys) for keys in own),
        ]

    def _printed_now(self) -> list[Packed]:
        by_outlet: defaultdict[int, list[Text]] = defaultdict(list)
        for text, *_ in self._added:
            if text.outlet != UNKNOWN:
                by_outlet[text.outlet].append(text)
        last = [text for texts in by_outlet.values() for text in texts[-LATELY:]]
        return [
            _uuids(text.article_id for text in last),
            pack(INTEGER, [integer(text.fingerprint.words) for text in last]),
            _texts(array(set(text.fingerprint.lines)) for text in last),
            _texts(array(text.fingerprint.query) for text in last),
            pack(BIGINT, [bigint(outlet) for outlet in by_outlet]),
            pack(INTEGER, [integer(len(texts)) for texts in by_outlet.values()]),
        ]

    def _keys_added(self) -> list[Packed]:
        keys = [(text.article_id, verdict.keys) for text, *_, verdict in self._added if verdict.keys]
        return [_uuids(article for article, _ in keys), _texts(array(own) for _, own in keys)]


def _uuids(ids: Iterable[str]) -> Packed:
    return pack(UUIDS, [UUID(one).bytes for one in ids])


def _texts(items: Iterable[str | None]) -> Packed:
    return pack(TEXT, [None if item is None else item.encode() for item in items])
