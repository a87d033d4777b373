"""What must be true afterwards, whatever was killed. Each check gives the findings against it; none is good."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import httpx2
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from services.core.eventstore.seals import verify
from services.core.projections.rebuild import rebuild
from services.core.projections.tables import READ_TABLES, SCHEMA
from tests.chaos.articles import Article

Conn = psycopg.Connection[Any]
Rows = dict[str, list[str]]
Told = tuple[str, str, dict[str, Any]]  # id, name, data

FINISHED = frozenset({"extracted", "skipped", "withdrawn"})
JUDGED = ("ArticleJudgedOriginal", "ArticleJudgedDuplicate")
READ = ("ExtractionCompleted", "ExtractionSkipped", "ExtractionFailed")

# What depends on the order in which articles came, not on what they say.
_ORDER = {"from_position", "to_position", "cause", "change", "change_number", "version", "global_position",
          "recorded_at", "reading_position", "received_position", "received_at", "changed_position", "judged",
          "duplicate_of", "method", "similarity", "merged_into"}  # fmt: skip
_PRESENT = {
    "articles": "SELECT * FROM read.articles WHERE state <> 'withdrawn'",
    "withdrawn": "SELECT id, state FROM read.articles WHERE state = 'withdrawn'",
    "article_revisions": "SELECT r.* FROM read.article_revisions r JOIN read.articles a"
    " ON (a.id, a.revision) = (r.article_id, r.revision) WHERE state <> 'withdrawn'",
    "stories": "SELECT * FROM read.stories",
    "mentions": "SELECT * FROM read.mentions WHERE to_position IS NULL",
    "entries": "SELECT * FROM read.entries WHERE to_position IS NULL AND change IN ('added', 'changed')",
    "statements": "SELECT * FROM read.statements WHERE to_position IS NULL",
    "standings": "SELECT * FROM read.standings WHERE to_position IS NULL AND stance IS NOT NULL",
}


def one_end_each(conn: Conn, posted: Sequence[Article], answered: Mapping[int, str]) -> Iterator[str]:
    """Every article that was answered is in the log once, with one judgement and one outcome; no other is."""
    streams: dict[str, list[tuple[str, dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    query = "SELECT stream_name, type, data, metadata FROM events ORDER BY global_position"
    for stream, kind, data, metadata in conn.execute(query):
        streams[stream].append((kind, data, metadata))
    wanted = {f"article-{answered[a.number]}": a for a in posted if a.number in answered}
    if len(wanted) != sum(not a.refused for a in posted):
        yield f"{len(wanted)} articles were answered of {sum(not a.refused for a in posted)}"
    for stream in streams.keys() - wanted.keys():
        yield f"{stream} was never answered with 2xx"
    for stream, article in wanted.items():
        types = Counter(kind for kind, _, _ in streams[stream])
        if types["ArticleReceived"] != 1 or types["ArticleRevised"] != len(article.versions) - 1:
            yield f"{stream} was taken in otherwise than it was posted: {dict(types)}"
        if types["ArticleWithdrawn"] != article.withdrawn:
            yield f"{stream} was withdrawn {types['ArticleWithdrawn']} times"
        last = len(article.versions)
        judged = [d for kind, d, _ in streams[stream] if kind in JUDGED and d["revision"] == last]
        read = [kind for kind, d, _ in streams[stream] if kind in READ and d["revision"] == last]
        ends = 0 if article.withdrawn else 1
        if not ends <= len(judged) <= 1 or not ends <= len(read) <= 1:
            yield f"{stream} has {len(judged)} judgements and {len(read)} outcomes"
        if "ExtractionFailed" in read:
            yield f"{stream} failed"


def none_twice(conn: Conn) -> Iterator[str]:
    """No event says again what another one says."""
    query = """
        SELECT stream_name, type, count(*) FROM events
         GROUP BY stream_name, type, data->>'revision', data->>'dossier', metadata->>'causation_id' HAVING count(*) > 1"""
    for stream, kind, number in conn.execute(query):
        yield f"{stream} has {number} times the same {kind}"
    for name, expression in (("id", "id"), ("place", "(stream_name, position)")):
        row = conn.execute(
            sql.SQL("SELECT count(*) - count(DISTINCT {}) FROM events").format(sql.SQL(expression))
        ).fetchone()
        if row and row[0]:
            yield f"{row[0]} events share an {name}"


def finished_for_readers(api_url: str, answered: Collection[str]) -> Iterator[str]:
    """Over HTTP every article is there, once, in a state that is an end."""
    states: Counter[str] = Counter()
    ids: Counter[str] = Counter()
    cursor: str | None = None
    with httpx2.Client(base_url=api_url, timeout=30.0) as http:
        while True:
            page = http.get("/v1/articles", params={"limit": 500} | ({"cursor": cursor} if cursor else {}))
            if page.status_code != 200:
                yield f"/v1/articles was answered {page.status_code}"
                return
            for article in page.json()["data"]:
                states[article["state"]] += 1
                ids[article["id"]] += 1
            cursor = page.json()["next"]
            if cursor is None:
                break
    if ids != Counter(answered):
        yield f"{len(ids)} articles are listed, {len(answered)} were answered"
    for state in states.keys() - FINISHED:
        yield f"{states[state]} articles are in the state {state}"


def stories_as_made(conn: Conn, posted: Sequence[Article], answered: Mapping[int, str]) -> Iterator[str]:
    """Copies are in one story, others are not."""
    made: dict[int, set[str]] = defaultdict(set)
    for article in posted:
        if not article.refused and not article.withdrawn and article.number in answered:
            made[article.story].add(answered[article.number])
    found: dict[Any, set[str]] = defaultdict(set)
    for story, article_id in conn.execute(
        "SELECT story_id, id FROM read.articles WHERE state <> 'withdrawn'"
    ):
        found[story].add(article_id)
    if {frozenset(s) for s in made.values()} != {frozenset(s) for s in found.values()}:
        yield f"{len(found)} stories were found, {len(made)} were told, or others"


def intact(conn: Conn, figures: dict[str, Any]) -> Iterator[str]:
    """`treatyline verify`: log, seals and bodies are as they were written."""
    report = verify(conn)
    figures |= {"events": report.events, "seals": report.seals, "bodies": report.bodies}
    if not report.ok:
        yield f"verify: {report.broken}"


def as_rebuilt(conn: Conn) -> Iterator[str]:
    """The read tables, with all their history, are what the log leads to."""
    before = _all_rows(conn)
    rebuild(conn)
    yield from differences(before, _all_rows(conn), "before", "after the rebuild")


def present(conn: Conn) -> Rows:
    """What the read tables say now, without what depends on the order in which articles came."""
    heads = dict(conn.execute("SELECT id, head FROM read.stories").fetchall())
    found: Rows = {}
    with conn.cursor(row_factory=dict_row) as cursor:
        for name, query in _PRESENT.items():
            rows = cursor.execute(query.encode()).fetchall()
            found[name] = sorted(_told(row, heads, name) for row in rows)
    return found


def _told(row: dict[str, Any], heads: Mapping[Any, str], table: str) -> str:
    kept = {key: value for key, value in row.items() if key not in _ORDER}
    if "story_id" in kept:  # named after whichever copy was judged first
        kept["story_id"] = heads.get(kept["story_id"])
    if table == "stories":
        del kept["id"]
    return repr(kept)


def _all_rows(conn: Conn) -> Rows:
    names = [str(table.__tablename__) for table in READ_TABLES]
    query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1")
    return {
        name: [row for (row,) in conn.execute(query.format(sql.Identifier(SCHEMA, name)))] for name in names
    }


def differences(one: Rows, other: Rows, here: str, there: str) -> Iterator[str]:
    """Rows that stand in one of both alone; the first of each are shown."""
    for table in one:
        for rows, others, where in ((one, other, here), (other, one, there)):
            alone = list((Counter(rows[table]) - Counter(others[table])).elements())
            if alone:
                yield f"{table}: {len(alone)} rows only {where}, such as {alone[0][:600]}"


def told_once(heard: Sequence[Told], all_of_it: Sequence[Told], withdrawn: Collection[str]) -> Iterator[str]:
    """Who reconnected all through heard what one hears who listens to all of it afterwards, in that order.

    Of articles `withdrawn` since, words may have been told that are there no more.
    """
    ids = [change for change, _, _ in heard]
    if len(set(ids)) != len(ids):
        yield f"{len(ids) - len(set(ids))} changes were told twice"
    if ids != sorted(ids, key=_order):
        yield "changes were told out of order"
    there = {change: (name, data) for change, name, data in all_of_it}
    if missing := there.keys() - set(ids):
        yield f"{len(missing)} changes were never told, such as {min(missing, key=_order)}"
    if unknown := set(ids) - there.keys():
        yield f"{len(unknown)} changes were told that there were not, such as {min(unknown, key=_order)}"
    otherwise = [
        change
        for change, name, data in heard
        if change in there
        and there[change] != (name, data)
        and not any(article_id in repr((data, there[change])) for article_id in withdrawn)
    ]
    if otherwise:
        yield f"{len(otherwise)} changes were told otherwise, such as {otherwise[0]}"


def _order(change: str) -> tuple[int, ...]:
    return tuple(map(int, change.split(".")))
