"""The read tables in tests: folded from a log, read, emptied; and logs in which anything may happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg.rows import dict_row

from services.core.eventstore.store import read_all
from services.core.projections.read_models import ReadModels
from services.core.projections.registry import read_models
from services.core.projections.tables import READ_TABLES
from tests.integration.log_writer import LogWriter, Telling

ENDED = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))


def project(conn: psycopg.Connection[Any], *, sizes: Sequence[int] = (10_000,), after: int = 0) -> int:
    """Fold the log from `after` on in batches of the given sizes, the last of them repeated."""
    turn = 0
    while batch := read_all(conn, after, sizes[min(turn, len(sizes) - 1)]):
        with conn.transaction():
            read_models().apply(conn, batch)
        after, turn = batch[-1].global_position, turn + 1
    return after


def rows(conn: psycopg.Connection[Any], query: str, *parameters: Any) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def entries(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    return rows(
        conn,
        "SELECT * FROM read.entries WHERE to_position IS NULL AND change IN ('added', 'changed')"
        " ORDER BY date, kind, actors",
    )


def everything(conn: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every read table."""
    return {
        table.__tablename__: sorted(conn.execute(f"SELECT * FROM read.{table.__tablename__}"), key=repr)
        for table in READ_TABLES
    }


def clear(conn: psycopg.Connection[Any]) -> None:
    for table in READ_TABLES:
        conn.execute(f"DELETE FROM read.{table.__tablename__}")


TELLINGS = [
    ENDED,
    Telling("the treaty was ended", "2019-08", "agreement-ended", ()),
    Telling("the treaty was ended", "2019", "agreement-ended", ("usa",)),
    Telling("signed in 1987", "1987", "agreement-signed", ("russia", "usa")),
    Telling("signed in 1987", "1987-12-08", "agreement-signed", ("russia", "usa"), confidence=0.7),
    Telling("met in Geneva", "2019-01-15", "consultation", ("russia",), ("usa",), "planned"),
    Telling("met in Geneva", "2019-01-15", "consultation", ("russia",), ("nato",)),
    Telling("met in Geneva", "2019-01-15", "consultation", ("russia",), ("nato",), person="Sergey Lavrov"),
    Telling("they met", "2019-01-15", "consultation", ("russia",), ("usa",), person="Sergey Ryabkov"),
    Telling("kept to it", "2019-08-02", proposition="russia-complied"),
    Telling("kept to it", "2019-08-02", proposition="russia-complied", stance="opposes"),
    Telling("kept to it", "2019-08", proposition="russia-complied", stance="conditional"),
]


TEXT = "Washington left the treaty; the treaty was ended; signed in 1987; they met in Geneva; kept to it."


steps = st.lists(
    st.tuples(
        st.sampled_from(["receive", "judge", "read", "skip", "withdraw", "revise"]),
        st.sampled_from("abcd"),
        st.lists(st.sampled_from(TELLINGS), max_size=4),
        st.sampled_from(["2019-08-02", "2019-08-03", "2019-08-04", None]),
        st.sampled_from(["s", "t"]),
    ),
    max_size=30,
)


def write(log: LogWriter, story_of: list[tuple[Any, ...]]) -> None:
    """Let the steps happen as far as they make sense."""
    revision: dict[str, int] = {}
    withdrawn: set[str] = set()
    for what, article, tellings, published_at, story in story_of:
        if article in withdrawn:
            continue
        known = article in revision
        outlet = f"Outlet {article[-1] in 'ab'}"  # some are one's, so that one can go while another stays
        if what == "receive" and not known:
            log.receive(article, TEXT, published_at=published_at, outlet=outlet)
            revision[article] = 1
        elif what == "revise" and known:
            revision[article] += 1
            log.receive(
                article,
                TEXT + "!" * revision[article],
                published_at=published_at,
                revision=revision[article],
                outlet=outlet,
            )
        elif what == "judge" and known:
            log.judge(article, story, of="x" if article > "b" else None, revision=revision[article])
        elif what == "read" and known:
            log.read(article, TEXT, tellings, revision=revision[article], article_date=published_at)
        elif what == "skip" and known:
            log.skip(article, revision=revision[article], article_date=published_at)
        elif what == "withdraw" and known:
            log.withdraw(article)
            withdrawn.add(article)


def set_checkpoint(conn: psycopg.Connection[Any], position: int) -> None:
    conn.execute(
        "INSERT INTO checkpoints (name, global_position) VALUES (%s, %s)", (ReadModels.name, position)
    )
