"""The INF dossier's data makes sense, and the loader says so where a dossier's does not."""

from __future__ import annotations

import re
import shutil
import time
from datetime import date
from pathlib import Path

import pytest

from services.core.domain import dossier as dossier_module
from services.core.domain.dossier import (
    Dossier,
    DossierError,
    Period,
    load_dossier,
    read_dossier,
)
from services.core.domain.vocabulary import PloverType

FOLDER = Path(dossier_module.__file__).parent / "dossiers" / "inf"
TODAY = date(2026, 11, 22)


# What the codebook fixes


def test_every_actor_of_the_guidelines_is_there(inf: Dossier) -> None:
    states = (
        "russia usa germany france uk china ukraine poland japan italy romania belarus kazakhstan philippines"
    )
    assert {*states.split(" "), "nato", "eu", "un", "south-korea", "czechia"} <= set(inf.actors)
    assert len(inf.actors) >= 80


def test_the_eleven_propositions(inf: Dossier) -> None:
    assert list(inf.propositions) == [
        "treaty-preserved",
        "us-withdrawal",
        "russia-complied",
        "us-complied",
        "russia-responsible",
        "us-responsible",
        "9m729-elimination",
        "moratorium",
        "mutual-verification",
        "deployment",
        "multilateral-treaty",
    ]
    assert all(p.text.endswith(".") and p.label for p in inf.propositions.values())


def test_the_event_kinds_and_their_plover_codes(inf: Dossier) -> None:
    codes = {k.id: (k.plover, k.plover_mode) for k in inf.kinds.values()}
    assert codes == {
        "agreement-signed": ("SUPPORT", None),
        "agreement-in-force": ("SUPPORT", None),
        "agreement-joined": ("SUPPORT", None),
        "withdrawal-announced": ("SANCTION", "withdraw"),
        "suspension": ("SANCTION", "discontinue"),
        "agreement-ended": ("SANCTION", "withdraw"),
        "ultimatum": ("THREATEN", None),
        "demand": ("REQUEST", "change"),
        "proposal": ("AGREE", None),
        "rejection": ("REJECT", "change"),
        "accusation": ("ACCUSE", "allege"),
        "denial": ("REJECT", None),
        "pledge": ("AGREE", None),
        "endorsement": ("SUPPORT", None),
        "consultation": ("CONSULT", None),
        "deployment": ("MOBILIZE", "weapons"),
        "weapons-test": ("MOBILIZE", "weapons"),
        "warning": ("THREATEN", None),
        "statement": (None, None),
    }
    assert {k.plover for k in inf.kinds.values()} - {None} <= {t.value for t in PloverType}
    assert inf.kinds["withdrawal-announced"].plover_auxiliary == "future"
    assert {k.id for k in inf.kinds.values() if k.once} == {
        "agreement-signed",
        "agreement-in-force",
        "agreement-joined",
        "agreement-ended",
        "withdrawal-announced",
        "suspension",
    }


# Actors


def test_the_words_of_the_main_actors(inf: Dossier) -> None:
    russia, usa, nato, uk = (inf.actors[a] for a in ("russia", "usa", "nato", "uk"))
    assert {"Moscow", "the Kremlin"} <= set(russia.metonyms)
    assert {"Soviet Union", "USSR", "Russian Federation"} <= set(russia.aliases)
    assert {"Washington", "the White House", "the Pentagon", "Foggy Bottom"} <= set(usa.metonyms)
    assert {"American", "US", "U.S."} <= set(usa.adjectives)
    assert "North Atlantic Council" in nato.institutions
    assert "10 Downing Street" in uk.metonyms
    assert date(1991, 12, 1) in russia.former["Soviet Union"]
    assert date(2019, 1, 1) not in russia.former["Soviet Union"]
    assert date(1995, 1, 1) not in inf.actors["germany"].former["West Germany"]


def test_every_former_name_is_a_word_of_its_actor(inf: Dossier) -> None:
    for actor in inf.actors.values():
        words = {actor.name, *actor.aliases, *actor.metonyms, *actor.adjectives, *actor.demonyms}
        assert set(actor.former) <= words | set(actor.institutions), actor.id


def test_every_actor_can_be_written(inf: Dossier) -> None:
    for actor in inf.actors.values():
        assert actor.adjectives or actor.aliases, actor.id
        words = (*actor.aliases, *actor.metonyms, *actor.adjectives, *actor.demonyms, *actor.institutions)
        assert all(word == word.strip() for word in words), actor.id


def test_ambiguous_words(inf: Dossier) -> None:
    assert inf.ambiguities["Brussels"].actors[:2] == ("eu", "nato")
    assert "NATO" in inf.ambiguities["the Alliance"].needs
    assert "Agreement" in inf.ambiguities["Paris"].not_before
    assert "George" in inf.ambiguities["Washington"].not_after
    assert inf.ambiguities["Georgia"].actors == ("georgia",)
    assert {"Turkey", "Allies", "US"} <= set(inf.ambiguities)


def test_adversaries(inf: Dossier) -> None:
    for one, other in [
        ("russia", "usa"),
        ("nato", "russia"),
        ("russia", "poland"),
        ("russia", "uk"),
        ("china", "usa"),
    ]:
        assert inf.are_adversaries(one, other)
        assert inf.are_adversaries(other, one)
    for one, other in [
        ("usa", "germany"),
        ("russia", "china"),
        ("russia", "russia"),
        ("nato", "poland"),
        ("un", "usa"),
    ]:
        assert not inf.are_adversaries(one, other)


def test_membership_is_dated(inf: Dossier) -> None:
    assert "finland" not in inf.members("nato", date(2019, 8, 2))
    assert {"finland", "sweden"} <= set(inf.members("nato", date(2024, 6, 1)))
    assert len(inf.members("nato", date(2018, 10, 20))) == 29
    assert len(inf.members("nato", date(2024, 6, 1))) == 32
    assert inf.members("parties", date(1990, 1, 1)) == ("usa", "russia")
    assert inf.members("parties", date(2020, 1, 1)) == ()
    with pytest.raises(KeyError):
        inf.members("european-community", TODAY)


# The loader


def test_periods() -> None:
    assert Period.parse("2018-04/2019-02") == Period(date(2018, 4, 1), date(2019, 2, 28))
    assert Period.parse("2018/..") == Period(date(2018, 1, 1), None)
    assert Period.parse("../2019-12") == Period(None, date(2019, 12, 31))
    for wrong in ("2018", "2018-13/..", "2019/2018", "2018-4/..", "today/..", "2019-02-30/.."):
        with pytest.raises(ValueError, match=r".+"):
            Period.parse(wrong)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "inf"))


def test_a_copy_reads_the_same(copy: Path, inf: Dossier) -> None:
    assert read_dossier(copy) == inf


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("people/zz.yaml", "Ann Otherperson: atlantis | President | 2001/..", "unknown actor 'atlantis'"),
        ("people/zz.yaml", "Ann Otherperson: usa | President | 2001", "not an interval"),
        ("people/zz.yaml", "Ann Otherperson: usa | President | 2005/2001", "ends before it starts"),
        ("people/zz.yaml", "Ann Otherperson: usa | President | 2001-02-30/..", "Ann Otherperson"),
        ("people/zz.yaml", "Ann Otherperson: usa | | 2001/..", "without title"),
        ("people/zz.yaml", "Ann Otherperson: usa", "Ann Otherperson"),
        ("people/zz.yaml", "Joe Biden: usa | President | 2001/..", "'joe-biden' is there twice"),
        ("people/zz.yaml", "Ann O: {aliases: [Joe Biden], offices: usa | Aide | 2001/..}", "stands for both"),
        ("people/zz.yaml", "Ann O: {aliases: [no], offices: usa | Aide | 2001/..}", "not a list of words"),
        ("people/zz.yaml", "Ann [", "zz.yaml"),
        ("kinds.yaml", "parade: {label: P, text: t, plover: MARCH}", "event kind 'parade'"),
        ("kinds.yaml", "Big Parade: {label: P, text: t}", "not an id: 'Big Parade'"),
        ("propositions.yaml", "peace: {label: Peace}", "proposition 'peace'"),
        ("cues.yaml", "more: {words: [yes]}", "not a list of words"),
        ("relevance.yaml", "  - {id: bad, weight: 1, pattern: '('}", "relevance"),
        ("relevance.yaml", "  - {id: bad, weight: 1, pattern: x, needs: [nobody]}", "'nobody' is not there"),
    ],
)
def test_wrong_data_is_refused_with_its_place(copy: Path, file: str, line: str, message: str) -> None:
    path = copy / file
    path.write_text((path.read_text("utf-8") if path.exists() else "") + line + "\n", "utf-8")
    with pytest.raises(DossierError, match=re.escape(message)):
        read_dossier(copy)


@pytest.mark.parametrize("name", ["nowhere", "../inf", "", "INF"])
def test_an_unknown_dossier(name: str) -> None:
    with pytest.raises(DossierError):
        load_dossier(name)


def test_it_is_read_once_and_cannot_be_changed(inf: Dossier) -> None:
    assert load_dossier("inf") is inf
    with pytest.raises(TypeError):
        inf.actors["atlantis"] = inf.actors["usa"]  # type: ignore[index]


def test_it_loads_fast() -> None:
    def seconds() -> float:
        start = time.process_time()
        read_dossier(FOLDER)
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 0.3
