"""The words that carry a line, in their context: never more of an article than the sentences around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from psycopg import sql

from services.api.clocks import Clocks
from services.api.deps import Connection
from services.core.domain.sentences import sentence_around

REACH = 700  # characters looked at on each side of the words
MOST = 420  # characters of context shown on each side

Told = Literal["mentions", "statements"]
Place = tuple[str, int, int]  # article id, start, end


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words with what stands around them, and what a citation of their article says."""

    before: str
    words: str
    after: str
    cut_before: bool
    cut_after: bool
    title: str | None
    author: str | None


# A withdrawn article has no words, even where another has the same.
_SENTENCES = """
SELECT k.article, k.start, k.stop, m.sentence, m.evidence_text, b.title, b.author, {text} AS around
  FROM unnest(%(articles)s::text[], %(starts)s::int[], %(stops)s::int[]) AS k (article, start, stop)
  JOIN LATERAL (SELECT * FROM read.{told} m WHERE m.article_id = k.article AND m.evidence_start = k.start
                   AND m.evidence_end = k.stop AND {rows} LIMIT 1) AS m ON true
  JOIN read.articles a ON a.id = k.article AND a.state <> 'withdrawn'
  JOIN read.article_revisions r ON r.article_id = k.article AND r.revision = m.revision
  LEFT JOIN article_bodies b ON b.sha256 = decode(r.body_sha256, 'hex')
"""
_AROUND = "substr(b.text, greatest(0, k.start - %(reach)s) + 1, k.stop - greatest(0, k.start - %(reach)s) + %(reach)s)"


async def add_excerpts(
    conn: Connection, clocks: Clocks, table: Told, told: Iterable[dict[str, Any]], *, wide: bool = False
) -> None:
    """Put an `excerpt` on mentions, or on evidence of positions: the sentence, or with `wide` its neighbours too.

    None where the article is withdrawn.
    """
    shown = list(told)
    places = sorted({place_of(m) for m in shown})
    found: dict[Place, Excerpt] = {}
    if places:
        query = sql.SQL(_SENTENCES).format(
            told=sql.Identifier(table), rows=clocks.rows("m"), text=sql.SQL(_AROUND if wide else "NULL")
        )
        asked = {
            "articles": [article for article, _, _ in places],
            "starts": [start for _, start, _ in places],
            "stops": [stop for _, _, stop in places],
            "reach": REACH,
        }
        async for row in await conn.execute(query, asked):
            found[row["article"], row["start"], row["stop"]] = _excerpt(row)
    for mention in shown:
        mention["excerpt"] = found.get(place_of(mention))


def place_of(told: Mapping[str, Any]) -> Place:
    """Where a mention's words stand."""
    return told["article"], told["evidence"]["start"], told["evidence"]["end"]


def _excerpt(row: Mapping[str, Any]) -> Excerpt:
    words = row["evidence_text"] or ""
    if row["around"] is not None:
        start = min(row["start"], REACH)
        return cut_out(row["around"], start, start + row["stop"] - row["start"], row["title"], row["author"])
    sentence = row["sentence"] or words
    at = max(0, sentence.find(words))
    before, after = sentence[:at], sentence[at + len(words) :]
    return Excerpt(before, words, after, False, False, row["title"], row["author"])


def cut_out(text: str, start: int, end: int, title: str | None, author: str | None) -> Excerpt:
    """`text[start:end]` with its sentence and the ones beside it."""
    first, last = around(text, start, end)
    return Excerpt(
        text[first:start],
        text[start:end],
        text[end:last],
        first > 0,
        last < len(text),
        title,
        author,
    )


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence that `text[start:end]` stands in and of its neighbours, `MOST` on each side."""
    first, last = sentence_around(text, start, end)
    if before := len(text[:first].rstrip()):
        earlier, _ = sentence_around(text, before - 1, before)
        first = earlier if start - earlier <= MOST else first
    if after := len(text[last:].lstrip()):
        _, later = sentence_around(text, len(text) - after, len(text) - after + 1)
        last = later if later - end <= MOST else last
    return first, last
