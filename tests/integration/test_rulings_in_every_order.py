"""The same articles and rulings give the same timeline and positions, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.domain.ids import derived_id
from tests.integration.log_writer import COMPLIED, LogWriter, id_of, stated
from tests.integration.read_tables import TELLINGS, TEXT, clear, entries, project, rows

# Few, so that rulings and tellings meet: two keys of a kind that happens once, and another kind.
EVENTS = [t for t in TELLINGS if t.kind in {"agreement-ended", "consultation"} and t.date != "2019"]
POSITIONS = [t for t in TELLINGS if t.proposition]
READ_IDS = sorted({id_of(t) for t in EVENTS})
PARTS = {derived_id("part", str(id_), "0"): id_ for id_ in READ_IDS}  # what each one's first split makes
KIND_OF = {id_of(t): t.kind for t in EVENTS}


def kind_of(id_: UUID) -> str:
    return KIND_OF[PARTS.get(id_, id_)]


a_ruling = st.tuples(
    st.sampled_from([*READ_IDS, *PARTS]),
    st.sampled_from(["merge", "split", "reject", "amend", "merge", "split", "confirm", "undo"]),
    st.sampled_from(READ_IDS),
    st.sampled_from("abcd"),
    st.sampled_from([{"date": "2019-03"}, {"kind": "statement"}, {"actors": []}, {"representative": "b"}]),
)
a_stance = st.tuples(
    st.sampled_from(["confirm", "reject", "amend", "undo"]),
    st.sampled_from([("supports", "2019-08-02"), ("opposes", "2019-08-02"), ("conditional", "2019-08")]),
    st.sampled_from([{"stance": "opposes"}, {"date": "2019-08-05"}, {"stance": "conditional"}]),
)
some_tellings = st.tuples(
    st.lists(st.sampled_from(EVENTS), min_size=1, max_size=2),
    st.lists(st.sampled_from(POSITIONS), max_size=2),
).map(lambda both: both[0] + both[1])
an_article = st.tuples(
    some_tellings,
    some_tellings,
    st.sampled_from(["s", "t"]),
    st.sampled_from(["no more", "revised", "read again", "withdrawn"]),
)


def happens(log: LogWriter, order: list[tuple[str, Any]], mark: str) -> None:
    """Each stream's steps in their own order; how the streams mix is what differs."""
    for what, given_ in order:
        if what == "article":
            number, (first, _second, story, _end) = given_
            log.article(
                f"{'abcd'[number]}{mark}", TEXT, first, story=story + mark, outlet=f"Outlet {number}",
                published_at=f"2019-08-03T0{number}:00:00+00:00",
            )  # fmt: skip
        elif what == "end":
            number, (_first, second, story, end) = given_
            name, day = f"{'abcd'[number]}{mark}", f"2019-08-03T0{number}:00:00+00:00"
            if end == "revised":
                log.receive(name, TEXT + "!", published_at=day, outlet=f"Outlet {number}", revision=2)
                log.judge(name, ("u" if story == "s" else "s") + mark, revision=2)
                log.read(name, TEXT + "!", second, revision=2)
            elif end == "read again":
                log.read(name, TEXT, second, extractor_version="2")
            elif end == "withdrawn":
                log.withdraw(name)
        elif what == "ruling":
            id_, verdict, other, article, changes, split_number = given_
            more: dict[str, Any] = {}
            if verdict == "amend":
                chosen = {k: v + mark if k == "representative" else v for k, v in changes.items()}
                more["changes"] = chosen
            elif verdict == "merge":
                more |= {"into": str(other), "into_kind": kind_of(other)}
            elif verdict == "split":
                part = derived_id("part", str(id_), str(split_number))
                more |= {"part": str(part), "articles": (article + mark,)}
                more["stories"] = (str(derived_id("story", "s" + mark)),) if article == "a" else ()
            log.rule(id_, verdict, kind=kind_of(id_), **more)
        else:
            verdict, (stance, date), changes = given_
            log.rule(COMPLIED, verdict, stated=stated(stance, date),
                     changes=changes if verdict == "amend" else {})  # fmt: skip


def by_source(rulings: list[Any]) -> list[list[tuple[str, Any]]]:
    """What can be ruled, in streams that keep their order: on a part only once it was split off, on nothing itself."""
    streams: dict[UUID, list[tuple[str, Any]]] = {}
    splits: Counter[UUID] = Counter()
    for id_, verdict, other, article, changes in rulings:
        if (id_ in PARTS and not splits[PARTS[id_]]) or (verdict == "merge" and other == id_):
            continue
        ruling = (id_, verdict, other, article, changes, splits[id_])
        streams.setdefault(PARTS.get(id_, id_), []).append(("ruling", ruling))
        splits[id_] += verdict == "split"
    return list(streams.values())


SHOWN = (
    "id", "kind", "date", "status", "actors", "recipients", "summary", "mention_count", "outlet_count", "story_count",
)  # fmt: skip


def told(conn: psycopg.Connection[Any]) -> Any:
    return (
        [
            {key: e[key] for key in SHOWN} | {"state": (e["review"] or {}).get("state")}
            for e in sorted(entries(conn), key=lambda entry: str(entry["id"]))
        ],
        rows(
            conn,
            "SELECT actor, proposition, stance, contested, since, last_stated, mention_count, outlet_count"
            " FROM read.standings WHERE to_position IS NULL AND mention_count > 0 ORDER BY 1, 2",
        ),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    articles=st.lists(an_article, min_size=2, max_size=4),
    rulings=st.lists(a_ruling, min_size=2, max_size=5),
    stances=st.lists(a_stance, max_size=3),
    data=st.data(),
)
def test_the_same_articles_and_rulings_give_the_same_timeline_in_every_order(
    superuser_url: str, articles: list[Any], rulings: list[Any], stances: list[Any], data: st.DataObject
) -> None:
    streams = [[("article", (n, a)), ("end", (n, a))] for n, a in enumerate(articles)]
    streams += [*by_source(rulings), [("stance", s) for s in stances]]
    numbers = [n for n, stream in enumerate(streams) for _ in stream]
    results = []
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        for turn, order in enumerate((numbers, data.draw(st.permutations(numbers)))):
            row = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
            assert row is not None
            clear(conn)
            left = [iter(stream) for stream in streams]
            happens(LogWriter(conn), [next(left[n]) for n in order], f"-{row[0]}-{turn}")
            project(conn, after=row[0], sizes=data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3)))
            results.append(told(conn))
    assert results[0] == results[1]
