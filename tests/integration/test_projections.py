"""The read tables are a fold of the log: right after every kind of event."""

from __future__ import annotations

from typing import Any

import psycopg

from services.core.domain.timeline import EntryKey
from services.core.eventstore.store import read_all
from services.core.projections.read_models import ReadModels
from tests.integration.log_writer import LogWriter, Telling
from tests.integration.read_tables import (
    ENDED,
    entries,
    everything,
    project,
    rows,
)


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
