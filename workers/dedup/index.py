"""The index of known articles in PostgreSQL, and every statement on it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

import psycopg

from services.core.domain.events import article_stream
from services.core.eventstore.bodies import get_bodies
from workers.dedup.furniture import LATELY, UNKNOWN, Printed, compact, printed
from workers.dedup.near_duplicates import Fingerprint, fingerprint
from workers.dedup.search import CANDIDATES, Beside, Known, MovedError, Sharing, Text, Verdict, most_shared

# Where the article's stream is, the one with an equal text, and what the outlet printed lately: asked together.
BESIDE = f"""
(SELECT position::integer AS ref, NULL::uuid AS article_id, NULL::uuid AS story_id, NULL::bytea AS body,
        NULL::integer AS words, NULL::bigint[] AS lines, NULL::integer[] AS sample
   FROM events WHERE stream_name = %b ORDER BY position DESC LIMIT 1)
UNION ALL
(SELECT ref, article_id, story_id, NULL, NULL, NULL, NULL
   FROM fingerprints WHERE text_sha256 = %b AND article_id <> %b ORDER BY ref LIMIT 1)
UNION ALL
(SELECT f.ref, NULL, NULL, f.body_sha256, p.words, p.lines, p.sample
   FROM (SELECT ref, body_sha256 FROM fingerprints
          WHERE outlet = %b AND article_id <> %b ORDER BY ref DESC LIMIT {LATELY}) AS f
   LEFT JOIN printed_lately p USING (ref))
"""  # noqa: S608 - a constant, so that the plan knows how few they are
# The keys of one text are few hundred at most and each has at most CROWDED rows: index-only look-ups.
SHARING = "SELECT key, ref FROM shingle_keys WHERE key = ANY (%s::integer[])"
# Those whose text is gone are withdrawn, and about to go from here. With those that will be compared comes the text.
KNOWN = """
SELECT f.ref, f.article_id, f.story_id, f.furniture, f.body_sha256, CASE WHEN f.ref = ANY (%s::integer[]) THEN b.text END
  FROM fingerprints f JOIN article_bodies b ON b.sha256 = f.body_sha256 WHERE f.ref = ANY (%s::integer[])
"""
PRINTED = "SELECT ref, words, lines, sample FROM printed_lately WHERE ref = ANY (%s::integer[])"
# Beside the article itself what it says about its outlet's furniture, which the outlet's last but seven no longer does.
_ADDED = f"""
WITH added AS (
    INSERT INTO fingerprints (revision, outlet, article_id, story_id, text_sha256, body_sha256, furniture, keys)
    VALUES (%b, %b, %b, %b, %b, %b, %s::bigint[], %s::integer[]) RETURNING ref, outlet),
printed AS (
    INSERT INTO printed_lately (ref, words, lines, sample)
    SELECT ref, %b, %s::bigint[], %s::integer[] FROM added WHERE outlet <> %b),
no_longer AS (
    DELETE FROM printed_lately p USING (SELECT ref FROM fingerprints WHERE outlet = %b
                                         ORDER BY ref DESC OFFSET {LATELY - 1} LIMIT 1) AS o WHERE p.ref = o.ref)
"""  # noqa: S608 - a constant
ADD_COPY = f"{_ADDED} SELECT FROM added"
ADD_ORIGINAL = f"""{_ADDED}
INSERT INTO shingle_keys (key, ref)
SELECT k.key, added.ref FROM added, unnest(%s::integer[]) AS k (key)
"""  # noqa: S608 - constants
# A story has one row for a key. Looked up from the key, which has few rows: stories can have very many articles.
ADD_LONGER_COPY = f"""{_ADDED}
INSERT INTO shingle_keys (key, ref)
SELECT k.key, added.ref FROM added, unnest(%s::integer[]) AS k (key)
 WHERE %b <> ALL (SELECT (SELECT f.story_id FROM fingerprints f WHERE f.ref = s.ref)
                    FROM shingle_keys s WHERE s.key = k.key)
"""  # noqa: S608 - constants
OTHERS = "SELECT EXISTS (SELECT FROM fingerprints WHERE story_id = %b AND article_id <> %b)"
FORGET = """
WITH gone AS (DELETE FROM fingerprints WHERE article_id = %b RETURNING ref, story_id, keys),
printed AS (DELETE FROM printed_lately p USING gone WHERE p.ref = gone.ref)
SELECT ref, story_id, keys FROM gone
"""
FORGET_KEYS = "DELETE FROM shingle_keys WHERE key = ANY (%s::integer[]) AND ref = %b RETURNING key"
# What stood for its story is replaced by the first of the story's articles that has the key, too.
HAND_OVER = """
INSERT INTO shingle_keys (key, ref)
SELECT k.key, min(f.ref) FROM fingerprints f CROSS JOIN LATERAL unnest(f.keys) AS k (key)
 WHERE f.story_id = %b AND k.key = ANY (%s::integer[]) GROUP BY k.key
ON CONFLICT DO NOTHING
"""

_Kept = TypeVar("_Kept")


class _Lately(Generic[_Kept]):
    """What was worked out from bodies last, by their hashes: it holds for whoever asks."""

    def __init__(self, size: int) -> None:
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = size

    def get(self, body: bytes) -> _Kept | None:
        found = self._kept.get(body)
        if found is not None:
            self._kept.move_to_end(body)
        return found

    def put(self, body: bytes, value: _Kept) -> None:
        self._kept[body] = value
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        self._kept.clear()


_fingerprints = _Lately[Fingerprint](500)  # some 60 kB each
_printed = _Lately[Printed](4000)  # some 3 kB each


def forget_texts() -> None:
    """As in a process that has compared nothing yet."""
    _fingerprints.clear()
    _printed.clear()


class PostgresIndex:
    """`CopyIndex` on a connection, inside whatever transaction the caller has open."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self._cursor = conn.cursor(binary=True)  # one for all: making one costs a third of asking with it
        self._texts: dict[bytes, str] = {}

    def beside(self, text: Text) -> Beside:
        article_id, outlet = UUID(text.article_id), None if text.outlet == UNKNOWN else text.outlet
        asked = [article_stream(text.article_id), text.sha256, article_id, outlet, article_id]
        rows = self._cursor.execute(BESIDE, asked).fetchall()
        version = next((row[0] for row in rows if row[1] is None and row[3] is None), None)
        if text.version is not None and text.version != version:
            raise MovedError(text.article_id)
        equal = next((Known(row[0], str(row[1]), row[2]) for row in rows if row[1] is not None), None)
        lately = sorted(((row[0], *row[3:]) for row in rows if row[3] is not None), reverse=True)
        says = self._printed_by([row[1:] for row in lately])
        return Beside(equal, [says[row[1]] for row in lately if row[1] in says])

    def sharing(self, query: Sequence[int], besides: str) -> Sharing:
        refs, crowded = most_shared(self._cursor.execute(SHARING, [array(query)]).fetchall())
        asked = [array(refs[:CANDIDATES]), array(refs)]
        rows = self._cursor.execute(KNOWN, asked).fetchall() if refs else []
        found = {ref: Known(ref, str(article), story, frozenset(furniture or ()), body)
                 for ref, article, story, furniture, body, _ in rows}  # fmt: skip
        self._texts = {body: text for *_, body, text in rows if text is not None}
        articles = [found[ref] for ref in refs if ref in found and found[ref].article_id != besides]
        return Sharing(articles, crowded)

    def fetch(self, known: Sequence[Known]) -> None:
        unknown = {article.body for article in known if _fingerprints.get(article.body) is None} - set(
            self._texts
        )
        if unknown:
            self._texts |= {sha256: body.text for sha256, body in get_bodies(self._conn, unknown).items()}

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        made = _fingerprints.get(known.body)
        if made is None and (text := self._texts.get(known.body)) is not None:
            made = fingerprint(text)
            _fingerprints.put(known.body, made)
        return made

    def printed_in(self, articles: Mapping[int, bytes]) -> dict[bytes, Printed]:
        """What articles of outlets, by their refs, say about their furniture, by their bodies. Left out are those whose
        text is gone."""
        found = {body: says for body in articles.values() if (says := _printed.get(body)) is not None}
        missing = [ref for ref, body in articles.items() if body not in found]
        if missing:
            noted = {ref: rest for ref, *rest in self._cursor.execute(PRINTED, [array(missing)])}
            rows = [(articles[ref], *noted.get(ref, (None, None, None))) for ref in missing]
            for body, says in self._printed_by(rows).items():
                found[body] = says
                _printed.put(body, says)
        return found

    def _printed_by(self, rows: Sequence[tuple[Any, ...]]) -> dict[bytes, Printed]:
        """What rows (body, words, lines, sample) say; by the bodies where nothing was noted."""
        missing = [body for body, words, *_ in rows if words is None]
        bodies = get_bodies(self._conn, missing) if missing else {}
        found = {}
        for body, words, lines, sample in rows:
            if words is not None:
                found[body] = Printed(words, frozenset(lines), compact(sample))
            elif body in bodies:
                found[body] = printed(fingerprint(bodies[body].text))
        return found

    def story_has_others(self, story_id: UUID, besides: str) -> bool:
        """Whether the story has an article other than `besides`."""
        row = self._cursor.execute(OTHERS, [story_id, UUID(besides)]).fetchone()
        return bool(row and row[0])

    def add(self, text: Text, revision: int, story_id: UUID, body_sha256: bytes, verdict: Verdict) -> None:
        """Remember an article and the verdict on it."""
        own = text.fingerprint.without(verdict.furniture)
        values: list[Any] = [revision, text.outlet, UUID(text.article_id), story_id, text.sha256, body_sha256]
        values += [array(sorted(verdict.furniture)) if verdict.furniture else None, array(own.keys)]
        says = text.fingerprint  # as `furniture.printed` takes it
        values += [says.words, array(set(says.lines)), array(says.query), UNKNOWN, text.outlet]
        keys = array(verdict.keys)
        if not verdict.keys:
            self._cursor.execute(ADD_COPY, values)
        elif verdict.of is None:
            self._cursor.execute(ADD_ORIGINAL, [*values, keys])
        else:
            self._cursor.execute(ADD_LONGER_COPY, [*values, keys, story_id])

    def forget(self, article_id: str) -> None:
        """Remove an article; where it stood for its story, others of the story take its place."""
        row = self._cursor.execute(FORGET, [UUID(article_id)]).fetchone()
        if row is None:
            return
        ref, story_id, keys = row
        gone = [key for (key,) in self._cursor.execute(FORGET_KEYS, [array(keys), ref])]
        if gone:
            self._cursor.execute(HAND_OVER, [story_id, array(gone)])


def array(numbers: Iterable[int]) -> str:
    """Numbers as PostgreSQL reads an array: for some hundred numbers a tenth of what a list costs as a parameter."""
    return f"{{{','.join(map(str, numbers))}}}"
