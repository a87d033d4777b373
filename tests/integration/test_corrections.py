"""What analysts rule holds on the timeline and in positions, whatever comes in before and after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from services.core.domain.ids import derived_id
from services.core.projections.rebuild import rebuild
from tests.integration.log_writer import COMPLIED, LogWriter, Telling, id_of, stated
from tests.integration.read_tables import ENDED, entries, everything, project, rows, set_checkpoint

REJECTION = Telling("Moscow refused", "2019-02-02", "rejection", ("russia",), ("usa",))
STATEMENT = Telling("Moscow spoke", "2019-02-02", "statement", ("russia",))
WORDS = "On Saturday Moscow spoke and Moscow refused."
MET = Telling("they met", "2019-01-15", "statement", ("usa",), ("russia",))
KEPT = Telling("Moscow kept to it", "2019-08-02", proposition="russia-complied")


def live(conn: psycopg.Connection[Any]) -> dict[UUID, dict[str, Any]]:
    return {entry["id"]: entry for entry in entries(conn)}


def newest(conn: psycopg.Connection[Any], entry: UUID) -> dict[str, Any]:
    (row,) = rows(conn, "SELECT * FROM read.entries WHERE id = %s AND to_position IS NULL", entry)
    return row


def standing(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    (row,) = rows(conn, "SELECT * FROM read.standings WHERE id = %s AND to_position IS NULL", COMPLIED)
    return row


def test_a_rejected_entry_is_gone_stays_gone_and_comes_back(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", "On Friday Washington left the treaty.", [ENDED])
    at = project(conn)
    log.rule(id_of(ENDED), "reject", kind=ENDED.kind, reason="misread")
    at = project(conn, after=at)
    assert live(conn) == {}
    gone = newest(conn, id_of(ENDED))
    assert (gone["change"], gone["cause"], gone["summary"]) == ("removed", "correction", None)
    assert gone["review"]["state"] == "rejected"
    log.article("b", "Again Washington left the treaty.", [ENDED], outlet="Courier")
    at = project(conn, after=at)
    assert live(conn) == {}, "another telling of the same does not bring it back"
    log.rule(id_of(ENDED), "undo", kind=ENDED.kind)
    project(conn, after=at)
    entry = live(conn)[id_of(ENDED)]
    assert (entry["mention_count"], entry["change"], entry["version"]) == (2, "added", 3)
    assert entry["review"]["state"] == "as-read"


def test_what_is_amended_holds_and_the_rest_goes_on_with_the_news(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", "In Geneva they met.", [MET])
    at = project(conn)
    changes = {"date": "2019-01-16", "kind": "consultation", "plover": "CONSULT", "plover_mode": None}
    log.rule(id_of(MET), "amend", kind="statement", changes=changes)
    log.article("b", "Again in Geneva they met.", [MET], outlet="Courier")
    log.rule(id_of(MET), "amend", kind="statement", changes={"representative": "b"})
    project(conn, after=at)
    versions = rows(conn, "SELECT * FROM read.entries ORDER BY from_position")
    assert [(v["version"], v["cause"], v["date"], v["kind"], v["mention_count"]) for v in versions] == [
        (1, "news", "2019-01-15", "statement", 1),
        (2, "correction", "2019-01-16", "consultation", 1),
        (3, "news", "2019-01-16", "consultation", 2),
        (4, "correction", "2019-01-15", "statement", 2),
    ], "the last ruling holds, whole"
    assert [v["plover"] for v in versions] == ["SUPPORT", "CONSULT", "CONSULT", "SUPPORT"]
    assert str(versions[1]["date_from"]) == "2019-01-16"
    assert versions[2]["review"]["fields"] == ["date", "kind"]
    assert versions[3]["summary"] == "Again in Geneva they met."


def test_a_merged_entry_leaves_an_alias_and_its_later_tellings_follow(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", WORDS, [REJECTION])
    log.article("b", WORDS + " So it is.", [STATEMENT], outlet="Courier")
    at = project(conn)
    log.rule(id_of(STATEMENT), "merge", kind="statement", into=str(id_of(REJECTION)), into_kind="rejection")
    at = project(conn, after=at)
    log.article("c", WORDS + " Indeed.", [STATEMENT], outlet="Herald")
    at = project(conn, after=at)
    (entry,) = live(conn).values()
    assert (entry["id"], entry["kind"], entry["mention_count"]) == (id_of(REJECTION), "rejection", 3)
    alias = newest(conn, id_of(STATEMENT))
    assert (alias["change"], alias["merged_into"]) == ("merged", id_of(REJECTION))
    log.rule(id_of(STATEMENT), "confirm", kind="statement")
    project(conn, after=at)
    counts = {id_: entry["mention_count"] for id_, entry in live(conn).items()}
    assert counts == {id_of(REJECTION): 1, id_of(STATEMENT): 2}


def test_a_merged_entry_outlives_the_articles_of_the_one_it_is_part_of(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    log.article("a", WORDS, [REJECTION])
    log.article("b", WORDS + " So it is.", [STATEMENT], outlet="Courier")
    log.rule(id_of(STATEMENT), "merge", kind="statement", into=str(id_of(REJECTION)), into_kind="rejection")
    log.withdraw("a")
    at = project(conn)
    (entry,) = live(conn).values()
    assert (entry["id"], entry["kind"], entry["mention_count"]) == (id_of(REJECTION), "statement", 1)
    log.withdraw("b")
    project(conn, after=at)
    assert live(conn) == {}
    assert "Moscow spoke" not in repr(everything(conn))


def test_a_split_takes_articles_with_their_copies_and_is_undone_by_a_merger(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    for name, story, of in (("a", "s", None), ("b", "t", None), ("c", "t", "b")):
        log.article(name, f"{WORDS} {story}", [STATEMENT], story=story, of=of, outlet=name)
    part = derived_id("part")
    log.rule(
        id_of(STATEMENT), "split", kind="statement", part=str(part), articles=("b",),
        stories=(str(derived_id("story", "t")),),
    )  # fmt: skip
    log.article("d", f"{WORDS} t", [STATEMENT], story="t", of="b", outlet="d")
    at = project(conn)
    counts = {id_: entry["mention_count"] for id_, entry in live(conn).items()}
    assert counts == {id_of(STATEMENT): 1, part: 3}
    assert live(conn)[part]["review"]["state"] == "split"
    log.rule(part, "merge", kind="statement", into=str(id_of(STATEMENT)), into_kind="statement")
    at = project(conn, after=at)
    (entry,) = live(conn).values()
    assert (entry["id"], entry["mention_count"]) == (id_of(STATEMENT), 4)
    log.rule(part, "undo", kind="statement")
    project(conn, after=at)
    assert live(conn)[part]["mention_count"] == 3


def test_what_is_merged_into_a_coarse_telling_goes_along_when_a_finer_one_comes(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    coarse = Telling("the treaty was ended in August", "2019-08", "agreement-ended", ())
    log.article("a", "Then the treaty was ended in August.", [coarse])
    log.article("b", WORDS, [STATEMENT], outlet="Courier")
    log.rule(
        id_of(STATEMENT), "merge", kind="statement", into=str(id_of(coarse)), into_kind="agreement-ended"
    )
    at = project(conn)
    assert [entry["mention_count"] for entry in live(conn).values()] == [2]
    log.article("c", "On Friday Washington left the treaty.", [ENDED], outlet="Herald")
    at = project(conn, after=at)
    (entry,) = live(conn).values()
    assert (entry["id"], entry["mention_count"], entry["date"]) == (id_of(ENDED), 3, "2019-08-02")
    log.withdraw("c")
    project(conn, after=at)
    assert {id_: e["mention_count"] for id_, e in live(conn).items()} == {id_of(coarse): 2}


def test_later_tellings_of_what_happens_once_follow_mergers_and_splits(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text, part = "On Friday Washington left the treaty.", derived_id("part")
    log.article("a", text, [ENDED])
    log.article("b", text, [ENDED], story="b", outlet="Courier")
    log.article("r", WORDS, [REJECTION], outlet="Herald")
    story = str(derived_id("story", "b"))
    log.rule(id_of(ENDED), "split", kind=ENDED.kind, part=str(part), articles=("b",), stories=(story,))
    log.rule(id_of(ENDED), "merge", kind=ENDED.kind, into=str(id_of(REJECTION)), into_kind="rejection")
    at = project(conn)
    log.article("c", text, [ENDED], outlet="Globe")
    log.article("d", text, [ENDED], story="b", of="b", outlet="Post")
    project(conn, after=at)
    assert {id_: e["mention_count"] for id_, e in live(conn).items()} == {id_of(REJECTION): 3, part: 2}


def test_a_ruling_on_a_position_binds_to_a_stance_on_a_day(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "On Friday Moscow kept to it."
    log.article("a", text, [KEPT])
    at = project(conn)
    log.rule(COMPLIED, "amend", stated=stated(), changes={"stance": "opposes", "date": "2019-08-01"})
    at = project(conn, after=at)
    now = standing(conn)
    assert (now["stance"], now["since"], now["cause"]) == ("opposes", "2019-08-01", "correction")
    log.article("b", text + " So it is.", [KEPT], outlet="Courier")
    at = project(conn, after=at)
    assert (standing(conn)["stance"], standing(conn)["mention_count"]) == ("opposes", 2)
    later = Telling("Moscow kept to it", "2020-01-05", proposition="russia-complied")
    log.article("c", text + " Still.", [later], published_at="2020-01-05")
    at = project(conn, after=at)
    assert (standing(conn)["stance"], standing(conn)["since"]) == ("supports", "2020-01-05")
    log.rule(COMPLIED, "reject", stated=stated(date="2020-01-05"))
    at = project(conn, after=at)
    assert standing(conn)["stance"] == "opposes"
    log.rule(COMPLIED, "undo", stated=stated())
    at = project(conn, after=at)
    assert (standing(conn)["stance"], standing(conn)["since"]) == ("supports", "2019-08-02")
    log.rule(COMPLIED, "reject", stated=stated())
    at = project(conn, after=at)
    assert standing(conn)["stance"] is None
    before = standing(conn)["version"]
    log.rule(COMPLIED, "confirm", stated=stated())
    project(conn, after=at)
    assert (standing(conn)["stance"], standing(conn)["version"]) == ("supports", before + 1)


def test_a_condition_that_was_dropped_comes_back_and_goes_with_its_article(
    conn: psycopg.Connection[Any], log: LogWriter
) -> None:
    text = "Moscow kept to it as long as others do."
    told = Telling(
        "Moscow kept to it", "2019-08-02", proposition="russia-complied", stance="conditional",
        condition="as long as others do",
    )  # fmt: skip
    log.article("a", text, [told])
    log.rule(COMPLIED, "amend", stated=stated("conditional"), changes={"stance": "supports"})
    at = project(conn)
    assert (standing(conn)["stance"], standing(conn)["condition"]) == ("supports", None)
    log.rule(COMPLIED, "undo", stated=stated("conditional"))
    at = project(conn, after=at)
    assert standing(conn)["condition"] == "as long as others do"
    log.rule(COMPLIED, "amend", stated=stated("conditional"), changes={"stance": "supports"})
    log.withdraw("a")
    project(conn, after=at)
    assert "as long as" not in repr(everything(conn))


def test_a_rebuild_gives_the_same_tables(conn: psycopg.Connection[Any], log: LogWriter) -> None:
    text = "On Friday Washington left the treaty, Moscow kept to it."
    log.article("a", text, [ENDED, KEPT])
    log.article("b", text, [ENDED, KEPT], story="a", of="a", published_at="2019-08-04")
    log.article("c", WORDS, [STATEMENT, REJECTION])
    log.rule(id_of(ENDED), "split", kind=ENDED.kind, part=str(derived_id("p")), articles=("b",))
    log.rule(derived_id("p"), "amend", kind=ENDED.kind, changes={"date": "2019-08-03"})
    log.rule(id_of(STATEMENT), "merge", kind="statement", into=str(id_of(REJECTION)), into_kind="rejection")
    log.rule(COMPLIED, "amend", stated=stated(), changes={"stance": "conditional"})
    log.withdraw("a")
    set_checkpoint(conn, project(conn, sizes=(3, 1, 4)))
    before = everything(conn)
    rebuild(conn)
    assert everything(conn) == before
    assert len(before["rulings"]) == 5
