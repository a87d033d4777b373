"""The read tables are a fold of the log: the same whatever the batches, right after every kind of event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from rich.console import Console

from services.cli.upkeep import NotTheOwner, rebuild_tables
from services.core.domain.ids import derived_id
from services.core.domain.timeline import EntryKey
from services.core.eventstore.store import read_all
from services.core.projections.read_models import ReadModels
from services.core.projections.rebuild import rebuild
from services.core.projections.registry import read_models
from services.core.projections.tables import READ_TABLES
from services.core.settings import Settings
from tests.integration.log_writer import LogWriter, Telling

ENDED = Telling("Washington left the treaty", "2019-08-02", "agreement-ended", ("usa",), ("russia",))


@pytest.fixture
def conn(owner_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_url, autocommit=True) as conn:
        yield conn


@pytest.fixture
def log(conn: psycopg.Connection[Any]) -> LogWriter:
    return LogWriter(conn)


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


def test_two_outlets_that_tell_one_event_make_one_entry(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty."
    other = "Officials confirmed that Washington left the treaty on August 2."
    log.article("a", text, [ENDED], outlet="Wire")
    log.article("b", other, [ENDED], outlet="Courier")
    project(conn)
    (entry,) = entries(conn)
    assert entry["id"] == EntryKey("inf", "agreement-ended", "2019-08-02", ("usa",)).id
    assert (entry["mention_count"], entry["outlet_count"], entry["story_count"]) == (2, 2, 2)
    assert entry["summary"] == "On Friday Washington left the treaty."
    assert (entry["version"], entry["change"], entry["cause"]) == (2, "changed", "news")


def test_a_copy_is_a_mention_but_no_independent_story(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    text = "On Friday Washington left the treaty."
    log.article("a", text, [ENDED], story="s", outlet="Wire", published_at="2019-08-03")
    log.article("b", text, [ENDED], story="s", of="a", outlet="Courier", published_at="2019-08-04")
    project(conn)
    (entry,) = entries(conn)
    assert (entry["mention_count"], entry["outlet_count"], entry["story_count"]) == (2, 2, 1)
    assert entry["cause"] == "copy"
    copies = rows(conn, "SELECT article_id, is_copy FROM read.mentions WHERE to_position IS NULL ORDER BY 1")
    assert copies == [{"article_id": "a", "is_copy": False}, {"article_id": "b", "is_copy": True}]


def test_the_head_of_a_story_is_published_first_even_if_it_arrives_last(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty."
    log.article("late", text, [ENDED], story="s", published_at="2019-08-05")
    project(conn)
    log.article("first", text, [ENDED], story="s", of="late", published_at="2019-08-02T23:30:00-04:00")
    project(conn, after=3)
    copies = rows(conn, "SELECT article_id, is_copy FROM read.mentions WHERE to_position IS NULL ORDER BY 1")
    assert copies == [{"article_id": "first", "is_copy": False}, {"article_id": "late", "is_copy": True}]
    assert rows(conn, "SELECT head, articles FROM read.stories") == [{"head": "first", "articles": 2}]


def test_a_coarse_date_joins_the_one_finer_entry_and_leaves_it_when_there_are_two(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    coarse = Telling("the treaty was ended in August", "2019-08", "agreement-ended", ())
    log.article("a", "Then the treaty was ended in August.", [coarse])
    at = project(conn)
    log.article("b", "On Friday Washington left the treaty.", [ENDED])
    at = project(conn, after=at)
    (entry,) = entries(conn)
    assert (entry["date"], entry["actors"], entry["mention_count"]) == ("2019-08-02", ["usa"], 2)
    (alias,) = rows(conn, "SELECT * FROM read.entries WHERE change = 'merged' AND to_position IS NULL")
    assert alias["id"] == EntryKey("inf", "agreement-ended", "2019-08", ()).id
    assert alias["merged_into"] == entry["id"]
    log.article(
        "c",
        "On the 20th Moscow left the treaty too.",
        [Telling("Moscow left the treaty too", "2019-08-20", "agreement-ended", ("russia",))],
    )
    project(conn, after=at)
    assert [(e["date"], e["mention_count"]) for e in entries(conn)] == [
        ("2019-08", 1),
        ("2019-08-02", 1),
        ("2019-08-20", 1),
    ]


def test_actual_beats_planned_and_recipients_are_the_union(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    def talks(status: str, *recipients: str) -> Telling:
        return Telling("the talks in Geneva", "2019-01-15", "consultation", ("usa",), recipients, status)

    log.article("a", "Ahead of the talks in Geneva.", [talks("planned", "russia")])
    log.article("b", "After the talks in Geneva.", [talks("actual", "nato")])
    project(conn)
    (entry,) = entries(conn)
    assert (entry["status"], entry["recipients"]) == ("actual", ["nato", "russia"])


def test_a_revision_replaces_what_the_article_said(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    at = project(conn)
    new = "Moscow said it regretted the step."
    log.receive("a", new, revision=2, published_at="2019-08-04")
    at = project(conn, after=at)
    assert len(entries(conn)) == 1, "the old words stand until the new ones are read"
    log.read("a", new, [Telling("Moscow said it regretted the step", "2019-08-04")], revision=2)
    project(conn, after=at)
    (entry,) = entries(conn)
    assert (entry["kind"], entry["cause"]) == ("statement", "revision")
    (gone,) = rows(conn, "SELECT * FROM read.entries WHERE change = 'removed'")
    assert gone["kind"] == "agreement-ended"
    assert gone["summary"] is None


def test_a_revision_without_a_date_keeps_the_day_until_it_is_read(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty."
    log.receive("a", text, published_at=None)
    log.judge("a", "s")
    log.read("a", text, [ENDED], article_date="2019-08-03")
    log.article("b", text, [ENDED], story="s", of="a", published_at="2019-08-05")
    at = project(conn)
    before = everything(conn)["entries"]
    log.receive("a", text + " Again.", published_at=None, revision=2)
    at = project(conn, after=at)
    assert everything(conn)["entries"] == before
    assert rows(conn, "SELECT head FROM read.stories") == [{"head": "a"}]
    log.read("a", text + " Again.", [ENDED], revision=2, article_date="2019-08-06")
    project(conn, after=at)
    assert rows(conn, "SELECT head FROM read.stories") == [{"head": "b"}]


def test_an_article_read_for_two_dossiers_tells_of_both(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it."
    kept = Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied")
    log.article("a", text, [ENDED, kept])
    log.read("a", text, [ENDED, kept], dossier="other")
    log.read("a", text, [ENDED], dossier="other")
    models = ReadModels(lambda _dossier, _kind: False, lambda _dossier, _person: None)
    with conn.transaction():
        models.apply(conn, read_all(conn, 0, 100))
    told = "SELECT dossier FROM read.{} WHERE to_position IS NULL ORDER BY 1"
    assert rows(conn, told.format("mentions")) == [{"dossier": "inf"}, {"dossier": "other"}]
    assert rows(conn, told.format("statements")) == [{"dossier": "inf"}]


def test_a_version_older_than_the_newest_is_kept_and_does_not_replace_it(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    old = "Moscow said it regretted the step."
    log.receive("a", old, revision=2, current=False, published_at="2019-08-01")
    log.read("a", old, [Telling("Moscow said it regretted the step", "2019-08-01")], revision=2)
    project(conn)
    assert [e["kind"] for e in entries(conn)] == ["agreement-ended"]
    assert rows(conn, "SELECT revision, published_on::text FROM read.articles") == [
        {"revision": 1, "published_on": "2019-08-03"}
    ]


def test_a_withdrawal_leaves_no_word_in_any_version(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it."
    kept = Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied")
    log.article("a", text, [ENDED, kept])
    log.article("b", text, [ENDED, kept], story="a", of="a", outlet="Courier", published_at="2019-08-04")
    at = project(conn)
    log.withdraw("a")
    at = project(conn, after=at)
    (entry,) = entries(conn)
    assert (entry["mention_count"], entry["summary"]) == (1, text)
    assert rows(conn, "SELECT is_copy FROM read.mentions WHERE to_position IS NULL") == [{"is_copy": False}]
    log.withdraw("b")
    project(conn, after=at)
    assert entries(conn) == []
    assert "Moscow kept" not in repr(everything(conn))
    assert "Washington left" not in repr(everything(conn))


def test_a_standing_is_the_latest_stance_and_knows_since_when(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    def stated(date: str, stance: str) -> Telling:
        return Telling("on the moratorium", date, proposition="moratorium", stance=stance)

    log.article("a", "A word on the moratorium.", [stated("2019-09-25", "supports")])
    log.article("b", "Again on the moratorium.", [stated("2020-10-26", "supports")])
    log.article("c", "At last on the moratorium.", [stated("2025-08-04", "opposes")])
    at = project(conn)
    (now,) = rows(conn, "SELECT * FROM read.standings WHERE to_position IS NULL")
    assert (now["stance"], now["since"], now["last_stated"], now["version"]) == (
        "opposes", "2025-08-04", "2025-08-04", 3,
    )  # fmt: skip
    log.withdraw("c")
    project(conn, after=at)
    (now,) = rows(conn, "SELECT * FROM read.standings WHERE to_position IS NULL")
    assert (now["stance"], now["since"], now["last_stated"], now["cause"]) == (
        "supports", "2019-09-25", "2020-10-26", "withdrawal",
    )  # fmt: skip


def test_changes_at_one_position_are_numbered_from_one(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it, NATO met."
    last = log.article(
        "a",
        text,
        [
            ENDED,
            Telling("NATO met", "2019-08-02", "consultation", ("nato",)),
            Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied"),
        ],
    )
    project(conn)
    changes = rows(
        conn,
        "SELECT from_position, change_number FROM read.entries UNION ALL"
        " SELECT from_position, change_number FROM read.standings ORDER BY 1, 2",
    )
    assert [(c["from_position"], c["change_number"]) for c in changes] == [(last, 1), (last, 2), (last, 3)]


TELLINGS = [
    ENDED,
    Telling("the treaty was ended", "2019-08", "agreement-ended", ()),
    Telling("the treaty was ended", "2019", "agreement-ended", ("usa",)),
    Telling("signed in 1987", "1987", "agreement-signed", ("russia", "usa")),
    Telling("signed in 1987", "1987-12-08", "agreement-signed", ("russia", "usa"), confidence=0.7),
    Telling("met in Geneva", "2019-01-15", "consultation", ("russia",), ("usa",), "planned"),
    Telling("met in Geneva", "2019-01-15", "consultation", ("russia",), ("nato",)),
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
        if what == "receive" and not known:
            log.receive(article, TEXT, published_at=published_at, outlet=f"Outlet {article}")
            revision[article] = 1
        elif what == "revise" and known:
            revision[article] += 1
            log.receive(
                article, TEXT + "!" * revision[article], published_at=published_at, revision=revision[article]
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


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=steps, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_the_read_tables_do_not_depend_on_how_the_log_was_cut_into_batches(
    superuser_url: str, happened: list[tuple[Any, ...]], sizes: list[int]
) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
        assert start is not None
        clear(conn)
        prefix = str(start[0])
        write(LogWriter(conn), [(w, prefix + a, t, p, prefix + s) for w, a, t, p, s in happened])
        project(conn, after=start[0])
        at_once = everything(conn)
        clear(conn)
        project(conn, sizes=sizes, after=start[0])
        assert everything(conn) == at_once


SHOWN = (
    "id", "date", "status", "actors", "recipients", "summary", "mention_count", "outlet_count", "story_count",
)  # fmt: skip


def articles(draw_from: str = "abcdef") -> st.SearchStrategy[list[tuple[str, list[Telling], str, str]]]:
    one = st.tuples(
        st.lists(st.sampled_from(TELLINGS), max_size=4),
        st.sampled_from(["2019-08-02", "2019-08-03", "2019-08-04T10:00:00+02:00"]),
        st.sampled_from(["s", "t", "u"]),
    )
    return st.lists(one, min_size=2, max_size=len(draw_from)).map(
        lambda found: [(draw_from[i], *article) for i, article in enumerate(found)]
    )


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=articles(), data=st.data())
def test_the_same_articles_give_the_same_timeline_in_every_order_of_arrival(
    superuser_url: str, found: list[tuple[str, list[Telling], str, str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(found))
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        told = []
        for turn, arrival in enumerate((found, shuffled)):
            start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
            assert start is not None
            clear(conn)
            log = LogWriter(conn)
            for name, tellings, published_at, story in arrival:
                # Distinct instants: which of two articles published at once came first is no fact to keep.
                moment = f"{published_at[:10]}T0{ord(name) - ord('a')}:00:00+00:00"
                log.article(f"{name}-{start[0]}-{turn}", TEXT, tellings, story=f"{story}{start[0]}",
                            published_at=moment, outlet=f"Outlet {name}")  # fmt: skip
            project(conn, after=start[0])
            told.append(
                (
                    [{key: e[key] for key in SHOWN} for e in entries(conn)],
                    rows(
                        conn,
                        "SELECT actor, proposition, stance, contested, since, last_stated, mention_count,"
                        " outlet_count, story_count FROM read.standings WHERE to_position IS NULL ORDER BY 1, 2",
                    ),
                )
            )
        assert told[0] == told[1]


changing_articles = st.lists(
    st.tuples(
        st.lists(st.sampled_from(TELLINGS), max_size=3),
        st.sampled_from(["2019-08-02", "2019-08-03"]),
        st.sampled_from(["s", "t"]),
        # What becomes of it: revisions, each with a story of its own, and a withdrawal.
        st.lists(
            st.tuples(st.lists(st.sampled_from(TELLINGS), max_size=3), st.sampled_from(["s", "t", "u"])),
            max_size=2,
        ),
        st.booleans(),
    ),
    min_size=2,
    max_size=5,
)


def happen(log: LogWriter, found: list[Any], order: list[int], mark: str) -> None:
    """Articles with their revisions and withdrawals, each article's next step whenever its number comes up."""
    done = [0] * len(found)
    for number in order:
        tellings, day, story, revisions, withdrawn = found[number]
        name, step = f"{'abcde'[number]}-{mark}", done[number]
        done[number] += 1
        moment, outlet = f"{day}T0{number}:00:00+00:00", f"Outlet {number}"
        if step == 0:
            log.article(name, TEXT, tellings, story=story + mark, published_at=moment, outlet=outlet)
        elif step <= len(revisions):
            tellings, story = revisions[step - 1]
            text, revision = TEXT + "\n" * step, step + 1
            log.receive(name, text, published_at=moment, outlet=outlet, revision=revision)
            log.judge(name, story + mark, revision=revision)
            log.read(name, text, tellings, revision=revision, article_date=day)
        elif withdrawn:
            log.withdraw(name)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=changing_articles, data=st.data())
def test_copies_revisions_and_withdrawals_in_every_order_give_the_same_timeline(
    superuser_url: str, found: list[Any], data: st.DataObject
) -> None:
    """What is left at the end is told as if nothing else had ever been there."""
    order = [
        number for number, (_, _, _, revisions, withdrawn) in enumerate(found)
        for _ in range(1 + len(revisions) + withdrawn)
    ]  # fmt: skip
    left = [
        (
            revisions[-1][0] if revisions else tellings,
            day,
            revisions[-1][1] if revisions else story,
            [],
            False,
        )
        for tellings, day, story, revisions, withdrawn in found
    ]
    alone = [number for number in data.draw(st.permutations(range(len(found)))) if not found[number][4]]
    orders = ((found, order), (found, data.draw(st.permutations(order))), (left, alone))
    told = []
    with psycopg.connect(superuser_url, autocommit=True) as conn:
        for turn, (articles_, steps_) in enumerate(orders):
            start = conn.execute("SELECT coalesce(max(global_position), 0) FROM events").fetchone()
            assert start is not None
            clear(conn)
            happen(LogWriter(conn), articles_, steps_, f"{start[0]}-{turn}")
            project(conn, after=start[0])
            told.append(
                (
                    [{key: e[key] for key in SHOWN} for e in entries(conn)],
                    rows(
                        conn,
                        "SELECT actor, proposition, stance, contested, since, last_stated, mention_count,"
                        " outlet_count, story_count FROM read.standings WHERE to_position IS NULL AND mention_count > 0"
                        " ORDER BY 1, 2",
                    ),
                )
            )
    assert told[0] == told[1]
    assert told[0] == told[2]


def test_ids_do_not_run_into_each_other() -> None:
    assert derived_id("a", "b") != derived_id("ab")
    assert EntryKey("inf", "statement", "2019", ("usa",)).id != EntryKey("inf", "statement", "2019", ()).id


def test_a_rebuild_gives_the_same_tables_under_the_same_names(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it."
    kept = Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied")
    log.article("a", text, [ENDED, kept])
    log.article("b", text, [ENDED, kept], story="a", of="a", published_at="2019-08-04")
    log.article(
        "c", "Then the treaty was ended.", [Telling("the treaty was ended", "2019", "agreement-ended", ())]
    )
    log.withdraw("a")
    set_checkpoint(conn, project(conn))
    before, indexes = everything(conn), index_names(conn)
    progress: list[tuple[int, int]] = []
    assert rebuild(conn, lambda done, of: progress.append((done, of))) == progress[-1][0]
    assert everything(conn) == before
    assert index_names(conn) == indexes
    assert rows(conn, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^read'") == [{"nspname": "read"}]


@pytest.mark.parametrize("pace", [0.5, 1.0, 3.0])
def test_a_rebuild_ends_however_fast_the_log_grows(
    conn: psycopg.Connection[Any], log: LogWriter, monkeypatch: pytest.MonkeyPatch, pace: float
) -> None:
    """`pace`: how much comes in while so much is folded again."""
    monkeypatch.setattr("services.core.projections.rebuild.BATCH", 4)
    for n in range(12):
        log.receive(f"old-{n}", f"Dispatch {n}.")
    set_checkpoint(conn, project(conn))
    reached = new = 0

    def more(done: int, _of: int) -> None:
        nonlocal reached, new
        while new < pace * done and done > reached:
            assert new < 300, "it does not end"
            new += 1
            position = log.receive(f"new-{new}", f"Later dispatch {new}.")
            project(conn, after=position - 1)
            conn.execute("UPDATE checkpoints SET global_position = %s", (position,))
        reached = done

    assert rebuild(conn, more) >= 12
    after = everything(conn)
    assert len(after["articles"]) == 12 + new
    rebuild(conn)
    assert everything(conn) == after


def test_a_rebuild_mends_tables_that_were_damaged(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    before = everything(conn)
    conn.execute("UPDATE read.entries SET summary = 'nonsense'")
    conn.execute("DELETE FROM read.mentions")
    rebuild(conn)
    assert everything(conn) == before


def test_a_reader_in_the_middle_of_a_snapshot_does_not_notice_a_rebuild(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    conn.execute("UPDATE read.entries SET summary = 'nonsense'")
    with psycopg.connect(database_url) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT global_position FROM checkpoints")
        rebuild(conn)
        assert reader.execute("SELECT summary FROM read.entries").fetchall() == [("nonsense",)]
        reader.commit()
        assert reader.execute("SELECT summary FROM read.entries").fetchall() == [
            ("On Friday Washington left the treaty.",)
        ]


def test_a_rebuild_leaves_rows_alone_that_are_right(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    def versions() -> list[dict[str, Any]]:
        return rows(conn, "SELECT xmin::text, article_id FROM read.mentions ORDER BY article_id")

    text = "On Friday Washington left the treaty."
    log.article("a", text, [ENDED])
    log.article("b", text, [ENDED], story="a", of="a", published_at="2019-08-04")
    set_checkpoint(conn, project(conn))
    conn.execute("UPDATE read.mentions SET sentence = NULL WHERE article_id = 'b'")
    a, b = versions()
    rebuild(conn)
    assert versions()[0] == a
    assert versions()[1] != b


def test_the_services_can_read_and_write_the_rebuilt_tables(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    set_checkpoint(conn, project(conn))
    rebuild(conn)
    with psycopg.connect(database_url) as services:
        assert services.execute("SELECT count(*) FROM read.entries").fetchone() == (1,)
        services.execute("DELETE FROM read.entries")


def test_a_role_that_does_not_own_the_tables_is_told_so(
    conn: psycopg.Connection[Any], log: LogWriter, database_url: str
) -> None:
    set_checkpoint(conn, log.article("a", "On Friday Washington left the treaty.", [ENDED]))
    with pytest.raises(NotTheOwner, match="TREATYLINE_MIGRATE_URL"):
        rebuild_tables(
            Settings(database_url=database_url, redis_url="redis://127.0.0.1:1/0"), Console(stderr=True)
        )


def set_checkpoint(conn: psycopg.Connection[Any], position: int) -> None:
    conn.execute(
        "INSERT INTO checkpoints (name, global_position) VALUES (%s, %s)", (ReadModels.name, position)
    )


def index_names(conn: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    return rows(conn, "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'read' ORDER BY 1, 2")
