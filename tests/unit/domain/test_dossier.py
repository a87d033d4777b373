"""The INF dossier's data makes sense, and the loader says so where a dossier's does not."""

from __future__ import annotations

import re
import shutil
import time
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from services.core.domain import dossier as dossier_module
from services.core.domain.dossier import (
    Dossier,
    DossierError,
    Period,
    Person,
    ascii_fold,
    load_dossier,
    read_dossier,
)
from services.core.domain.vocabulary import PloverType

FOLDER = Path(dossier_module.__file__).parent / "dossiers" / "inf"
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def inf() -> Dossier:
    return load_dossier("inf")


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


# Who speaks for whom

SPEAKS = [
    ("mikhail-gorbachev", "1985-03-10", None),
    ("mikhail-gorbachev", "1987-12-08", "russia"),
    ("mikhail-gorbachev", "1991-12-25", "russia"),
    ("mikhail-gorbachev", "2018-10-21", None),
    ("ronald-reagan", "1986-10-12", "usa"),
    ("ronald-reagan", "1989-01-21", None),
    ("george-shultz", "1987-12-08", "usa"),
    ("george-shultz", "2018-10-25", None),
    ("eduard-shevardnadze", "1987-09-18", "russia"),
    ("eduard-shevardnadze", "1995-06-01", "georgia"),
    ("george-h-w-bush", "1988-06-01", "usa"),
    ("paul-nitze", "1986-10-12", "usa"),
    ("maynard-glitman", "1987-06-01", "usa"),
    ("donald-trump", "2017-01-19", None),
    ("donald-trump", "2018-10-20", "usa"),
    ("donald-trump", "2021-01-21", None),
    ("donald-trump", "2024-07-01", None),
    ("donald-trump", "2025-01-20", "usa"),
    ("joe-biden", "2014-07-29", "usa"),
    ("joe-biden", "2019-02-01", None),
    ("joe-biden", "2023-05-01", "usa"),
    ("joe-biden", "2025-02-01", None),
    ("barack-obama", "2014-07-28", "usa"),
    ("barack-obama", "2018-12-01", None),
    ("john-bolton", "2018-03-01", None),
    ("john-bolton", "2018-10-23", "usa"),
    ("john-bolton", "2019-09-11", None),
    ("mike-pompeo", "2018-12-04", "usa"),
    ("mike-pompeo", "2022-03-01", None),
    ("mark-esper", "2019-08-03", "usa"),
    ("mark-esper", "2020-11-10", None),
    ("james-mattis", "2018-10-04", "usa"),
    ("james-mattis", "2019-02-01", None),
    ("andrea-thompson", "2019-01-15", "usa"),
    ("andrea-thompson", "2020-01-15", None),
    ("kay-bailey-hutchison", "2018-10-02", "usa"),
    ("marco-rubio", "2019-02-01", None),
    ("marco-rubio", "2025-08-04", "usa"),
    ("pete-hegseth", "2026-01-01", "usa"),
    ("rose-gottemoeller", "2014-08-01", "usa"),
    ("rose-gottemoeller", "2018-12-01", "nato"),
    ("rose-gottemoeller", "2020-03-01", None),
    ("vladimir-putin", "1998-01-01", None),
    ("vladimir-putin", "2007-02-10", "russia"),
    ("vladimir-putin", "2019-02-02", "russia"),
    ("vladimir-putin", "2026-11-01", "russia"),
    ("dmitry-medvedev", "2008-11-05", "russia"),
    ("dmitry-medvedev", "2015-01-01", "russia"),
    ("dmitry-medvedev", "2025-08-04", "russia"),
    ("sergey-lavrov", "1999-03-24", "russia"),
    ("sergey-lavrov", "2026-11-01", "russia"),
    ("sergei-ryabkov", "2007-01-01", None),
    ("sergei-ryabkov", "2018-10-21", "russia"),
    ("sergei-shoigu", "2019-02-05", "russia"),
    ("sergei-shoigu", "2024-06-01", "russia"),
    ("andrei-belousov", "2024-06-01", "russia"),
    ("anatoly-antonov", "2015-01-01", "russia"),
    ("anatoly-antonov", "2025-06-01", None),
    ("dmitry-peskov", "2018-10-22", "russia"),
    ("maria-zakharova", "2015-01-01", None),
    ("maria-zakharova", "2019-09-26", "russia"),
    ("jens-stoltenberg", "2012-01-01", "norway"),
    ("jens-stoltenberg", "2014-05-01", None),
    ("jens-stoltenberg", "2019-08-02", "nato"),
    ("jens-stoltenberg", "2024-12-01", None),
    ("jens-stoltenberg", "2025-06-01", "norway"),
    ("mark-rutte", "2019-08-02", "netherlands"),
    ("mark-rutte", "2024-08-01", None),
    ("mark-rutte", "2024-10-01", "nato"),
    ("oana-lungescu", "2019-09-25", "nato"),
    ("oana-lungescu", "2024-06-01", None),
    ("anders-fogh-rasmussen", "2013-01-01", "nato"),
    ("anders-fogh-rasmussen", "2018-01-01", None),
    ("angela-merkel", "2018-11-01", "germany"),
    ("angela-merkel", "2022-03-01", None),
    ("heiko-maas", "2019-01-18", "germany"),
    ("ursula-von-der-leyen", "2018-11-01", "germany"),
    ("ursula-von-der-leyen", "2020-01-01", "eu"),
    ("helmut-kohl", "1987-08-26", "germany"),
    ("emmanuel-macron", "2019-11-28", "france"),
    ("jeremy-hunt", "2019-02-01", "uk"),
    ("jeremy-hunt", "2020-02-01", None),
    ("boris-johnson", "2018-10-01", None),
    ("boris-johnson", "2019-12-04", "uk"),
    ("margaret-thatcher", "1987-12-07", "uk"),
    ("david-cameron", "2018-10-01", None),
    ("david-cameron", "2024-01-01", "uk"),
    ("hua-chunying", "2018-10-22", "china"),
    ("geng-shuang", "2019-08-02", "china"),
    ("fu-cong", "2019-08-06", "china"),
    ("wang-yi", "2023-02-01", "china"),
    ("volodymyr-zelensky", "2018-12-01", None),
    ("volodymyr-zelensky", "2022-02-24", "ukraine"),
    ("pavlo-klimkin", "2019-03-08", "ukraine"),
    ("jacek-czaputowicz", "2019-02-01", "poland"),
    ("donald-tusk", "2010-01-01", "poland"),
    ("donald-tusk", "2019-02-01", "eu"),
    ("donald-tusk", "2022-01-01", None),
    ("donald-tusk", "2024-01-01", "poland"),
    ("taro-kono", "2019-02-01", "japan"),
    ("yoshihide-suga", "2019-08-02", "japan"),
    ("federica-mogherini", "2014-06-01", "italy"),
    ("federica-mogherini", "2019-02-01", "eu"),
    ("josep-borrell", "2019-02-01", "spain"),
    ("josep-borrell", "2020-02-01", "eu"),
    ("antonio-guterres", "2012-01-01", "un"),
    ("antonio-guterres", "2019-08-01", "un"),
    ("izumi-nakamitsu", "2019-02-01", "un"),
    ("alexander-lukashenko", "2019-02-01", "belarus"),
    ("teodor-melescanu", "2019-02-01", "romania"),
    ("ferdinand-marcos-jr", "2024-05-01", "philippines"),
    ("nobody-known", "2019-01-01", None),
]


@pytest.mark.parametrize(("person", "day", "actor"), SPEAKS)
def test_whose_words_a_persons_are(inf: Dossier, person: str, day: str, actor: str | None) -> None:
    assert inf.speaks_for(person, date.fromisoformat(day)) == actor
    assert person in inf.people or person == "nobody-known"


def test_without_a_day_only_somebody_of_one_actor_speaks(inf: Dossier) -> None:
    assert inf.speaks_for("maria-zakharova", None) == "russia"
    assert inf.speaks_for("jens-stoltenberg", None) is None
    assert inf.speaks_for("nobody-known", None) is None


def test_the_office_taken_up_last_counts(inf: Dossier) -> None:
    handover = inf.people["wang-yi"].office_on(date(2025, 1, 1))
    assert handover is not None
    assert handover.title == "Foreign Minister"


# One holder at a time: an office with two at once is a slip in the data

SINGLE = [
    ("usa", "President"),
    ("usa", "Secretary of State"),
    ("usa", "National Security Adviser"),
    ("usa", "Chairman of the Joint Chiefs of Staff"),
    ("nato", "Secretary General"),
    ("nato", "Supreme Allied Commander Europe"),
    ("russia", "President"),
    ("russia", "Foreign Minister"),
    ("russia", "Defence Minister"),
    ("russia", "Chief of the General Staff"),
    ("germany", "Chancellor"),
    ("germany", "Foreign Minister"),
    ("germany", "Defence Minister"),
    ("france", "President"),
    ("france", "Prime Minister"),
    ("france", "Foreign Minister"),
    ("uk", "Prime Minister"),
    ("uk", "Foreign Secretary"),
    ("uk", "Defence Secretary"),
    ("china", "Premier"),
    ("china", "Defence Minister"),
    ("ukraine", "Foreign Minister"),
    ("ukraine", "Defence Minister"),
    ("ukraine", "Prime Minister"),
    ("poland", "Prime Minister"),
    ("poland", "Foreign Minister"),
    ("poland", "Defence Minister"),
    ("japan", "Prime Minister"),
    ("japan", "Foreign Minister"),
    ("japan", "Defence Minister"),
    ("japan", "Chief Cabinet Secretary"),
    ("italy", "Prime Minister"),
    ("italy", "Foreign Minister"),
    ("italy", "Defence Minister"),
    ("eu", "High Representative"),
    ("eu", "President of the Commission"),
    ("eu", "President of the European Council"),
    ("un", "Secretary-General"),
    ("romania", "Foreign Minister"),
    ("canada", "Foreign Minister"),
    ("australia", "Foreign Minister"),
    ("turkey", "Foreign Minister"),
    ("netherlands", "Prime Minister"),
    ("philippines", "Foreign Secretary"),
]


@pytest.mark.parametrize(("actor", "title"), SINGLE)
def test_an_office_has_one_holder_at_a_time(inf: Dossier, actor: str, title: str) -> None:
    terms = sorted(
        (office.start, office.end or date.max, person.id)
        for person in inf.people.values()
        for office in person.offices
        if (office.actor, office.title) == (actor, title)
    )
    assert len(terms) >= 2
    slack = timedelta(days=60)  # acting holders, and handovers known by the month
    for (_, end, one), (start, _, other) in pairwise(terms):
        assert end <= start + slack, f"{one} and {other} are both {title} of {actor}"


@pytest.mark.parametrize(
    ("actor", "titles", "since", "most_days_without"),
    [
        ("usa", {"President"}, 1985, 0),
        ("usa", {"Secretary of State"}, 1985, 60),
        (
            "usa",
            {"Secretary of Defense", "Acting Secretary of Defense", "Secretary of Defense (of War)"},
            1985,
            60,
        ),
        ("russia", {"Foreign Minister"}, 1985, 30),
        ("nato", {"Secretary General"}, 1985, 80),
        ("germany", {"Chancellor"}, 1985, 0),
        ("france", {"President"}, 1985, 0),
        ("uk", {"Prime Minister"}, 1985, 0),
        ("ukraine", {"President", "Acting President"}, 1992, 2),
        ("eu", {"President of the Commission"}, 1999, 200),
        ("un", {"Secretary-General"}, 1985, 1),
    ],
)
def test_an_office_is_seldom_empty(
    inf: Dossier, actor: str, titles: set[str], since: int, most_days_without: int
) -> None:
    held = [
        Period(office.start, office.end)
        for person in inf.people.values()
        for office in person.offices
        if office.actor == actor and office.title in titles
    ]
    day, longest, empty = date(since, 6, 1), 0, 0
    while day < TODAY:
        empty = 0 if any(day in period for period in held) else empty + 1
        longest = max(longest, empty)
        day += timedelta(days=1)
    assert longest <= most_days_without


def test_there_are_enough_people_with_sane_offices(inf: Dossier) -> None:
    assert len(inf.people) >= 400
    for person in inf.people.values():
        assert person.offices, person.id
        assert list(person.offices) == sorted(person.offices, key=lambda o: o.start), person.id
        for office in person.offices:
            assert date(1950, 1, 1) <= office.start <= TODAY, person.id
            assert office.end is None or office.end <= date(2026, 12, 31), person.id
            assert office.end is None or office.end >= date(1979, 1, 1), person.id


def test_nobody_speaks_for_two_actors_at_once(inf: Dossier) -> None:
    for person in inf.people.values():
        for one, other in combinations(person.offices, 2):
            if one.actor != other.actor:  # in turn; a month or a year counts whole, so the ends may touch
                assert one.end is not None, person.id
                assert one.end <= other.start + timedelta(days=60), person.id


# Names


def test_names_are_known_in_their_spellings(inf: Dossier) -> None:
    def spellings(person: str) -> set[str]:
        return set(inf.people[person].names)

    assert {"Sergey Lavrov", "Sergei Lavrov"} <= spellings("sergey-lavrov")
    assert {"Sergei Ryabkov", "Sergey Ryabkov", "Sergey Riabkov"} <= spellings("sergei-ryabkov")
    assert {"Mike Pompeo", "Michael Pompeo"} <= spellings("mike-pompeo")
    assert {"Volodymyr Zelensky", "Volodymyr Zelenskyy"} <= spellings("volodymyr-zelensky")
    assert "Edgars Rinkevics" in spellings("edgars-rinkevics")
    assert "Pedro Sanchez" in spellings("pedro-sanchez")
    assert "Radoslaw Sikorski" in spellings("radoslaw-sikorski")


def test_surnames(inf: Dossier) -> None:
    def surname(person: str) -> tuple[str, bool]:
        found = inf.people[person]
        return found.surname, found.surname_alone

    assert surname("andrea-thompson") == ("Thompson", False)
    assert surname("boris-johnson") == ("Johnson", False)
    assert surname("ned-price") == ("Price", False)
    assert surname("colin-powell") == ("Powell", False)
    assert surname("jens-stoltenberg") == ("Stoltenberg", True)
    assert surname("ursula-von-der-leyen") == ("von der Leyen", True)
    assert surname("jean-yves-le-drian") == ("Le Drian", True)
    assert surname("xi-jinping") == ("Xi", True)
    assert surname("geng-shuang") == ("Geng", False)
    for person in inf.people.values():
        assert ascii_fold(person.surname).split()[-1] in " ".join(map(ascii_fold, person.names)), person.id


def test_people_are_found_by_surname(inf: Dossier) -> None:
    def ids(people: tuple[Person, ...]) -> set[str]:
        return {person.id for person in people}

    assert ids(inf.with_surname("Lavrov")) == {"sergey-lavrov"}
    assert ids(inf.with_surname("sullivan", date(2018, 6, 1))) == {"john-sullivan"}
    assert ids(inf.with_surname("Sullivan", date(2023, 6, 1))) == {"jake-sullivan"}
    assert ids(inf.with_surname("Nauseda")) == {"gitanas-nauseda"}
    assert ids(inf.with_surname("Clinton", date(1995, 1, 1))) == {"bill-clinton"}
    assert inf.with_surname("Nobodyski") == ()


def test_no_spelling_stands_for_two_people(inf: Dossier) -> None:
    seen: dict[str, str] = {}
    for person in inf.people.values():
        for name in person.names:
            assert seen.setdefault(name, person.id) == person.id
            assert " " in name, f"{name} is no full name"


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


# Relevance and lexicon


def found(inf: Dossier, text: str) -> tuple[float, int]:
    core = [t.weight for t in inf.relevance.core if t.pattern.search(text)]
    context = [t.weight for t in inf.relevance.context if t.pattern.search(text)]
    return sum(core + context), len(core)


@pytest.mark.parametrize(
    "text",
    [
        "Ministers regretted the end of the INF Treaty.",
        "the INF-treaty",
        "The I.N.F. pact has no future.",
        "both INF Treaties",
        "the Intermediate-Range Nuclear Forces Treaty",
        "the Intermediate Range Nuclear Forces agreement",
        "the Intermediate\N{NON-BREAKING HYPHEN}Range Nuclear\N{NO-BREAK SPACE}Forces accord",
        "the Treaty on the Elimination of Their Intermediate-Range and Shorter-Range Missiles",
        "the treaty on medium- and short-range missiles",
        "the Intermediate-Range Missiles Treaty",
        "He mourned the 1987 missile treaty.",
        "the 1987 arms control agreement between the superpowers",
        "a missile treaty that was signed in 1987",
        "Moscow ends its moratorium on deploying ground-based intermediate-range missiles.",
        "a treaty that bans land-based missiles with a range of 500 to 5,500 km",
        "Inspectors have never seen the 9M729; the treaty forbids such a missile, they said.",
        "The SSC-8 cruise missile breaks the treaty, the ministry said.",
        "Reagan and Gorbachev agreed to scrap a whole class of missiles, Pershings and SS-20s, in that nuclear treaty.",
    ],
)
def test_words_that_make_an_article_relevant(inf: Dossier, text: str) -> None:
    weight, core = found(inf, text)
    assert weight >= inf.relevance.threshold
    assert core


@pytest.mark.parametrize(
    "text",
    [
        "New START caps warheads and launchers; the nuclear treaty expires and arms control ends, both withdrew.",
        "Washington leaves the Open Skies Treaty, citing violations; allies fear for arms control and missile limits.",
        "Russia suspended the treaty on Conventional Armed Forces in Europe; nuclear missiles are not covered.",
        "The Iran nuclear deal says nothing of medium-range ballistic missiles, a violation of the accord, hawks say.",
        "North Korea fired an intermediate-range ballistic missile, in breach of resolutions; no treaty binds it.",
        "The United States left the ABM Treaty in 2002 and built missile defences, Aegis Ashore with Mk-41 launchers.",
        "The Comprehensive Nuclear-Test-Ban Treaty needs ratification; a moratorium on testing holds.",
        "Typhon launchers came to Luzon; Beijing protested at the intermediate-range missiles.",
        "Infantry and INFORMATION; inf, info and the Inf. regiment took part with missiles.",
        "The Paris Agreement on climate, which Washington quit, is a treaty of sorts.",
        "Iskander missiles hit Kharkiv; Oreshnik is a nuclear-capable intermediate-range missile, Putin said.",
    ],
)
def test_words_that_do_not(inf: Dossier, text: str) -> None:
    weight, core = found(inf, text)
    assert weight < inf.relevance.threshold or not core


def test_the_patterns_are_fast_on_a_long_article(inf: Dossier) -> None:
    text = (
        "The treaty on missiles of medium and other range was not signed by Reagan, nor was 1987 such a year, "
        * 300
    )
    start = time.process_time()
    found(inf, text)
    assert time.process_time() - start < 1.0


def test_lexicon(inf: Dossier) -> None:
    assert {
        "say",
        "accuse",
        "deny",
        "urge",
        "warn",
        "propose",
        "pledge",
        "reject",
        "blame",
        "announce",
    } <= set(inf.lexicon["reporting_verbs"])
    assert {"as long as", "only if", "unless", "until", "provided that", "on condition that"} <= set(
        inf.terms("conditions")
    )
    assert {"9M729", "SSC-8"} <= set(inf.terms("names", ["9m729"]))
    assert "not" in inf.terms("negators", ["word"])
    with pytest.raises(KeyError):
        inf.terms("conditions", ["maybe"])


def test_no_term_is_written_twice_in_a_group(inf: Dossier) -> None:
    for section, groups in inf.lexicon.items():
        if section != "irregular_verbs":
            for group, terms in groups.items():
                assert len(terms) == len(set(terms)), (section, group)


@pytest.mark.parametrize(
    ("lemma", "forms"),
    [
        ("say", {"say", "says", "said", "saying"}),
        ("deny", {"deny", "denies", "denied", "denying"}),
        ("accuse", {"accuse", "accuses", "accused", "accusing"}),
        ("urge", {"urge", "urges", "urged", "urging"}),
        ("call for", {"call for", "calls for", "called for", "calling for"}),
        ("admit", {"admit", "admits", "admitted", "admitting"}),
        ("put forward", {"put forward", "puts forward", "putting forward"}),
        ("pledge", {"pledge", "pledges", "pledged", "pledging"}),
        ("agree", {"agree", "agrees", "agreed", "agreeing"}),
        ("withdraw", {"withdraw", "withdraws", "withdrew", "withdrawn", "withdrawing"}),
        ("push for", {"push for", "pushes for", "pushed for", "pushing for"}),
        ("have", {"have", "has", "had", "having"}),
        ("quit", {"quit", "quits", "quitting"}),
        ("warn", {"warn", "warns", "warned", "warning"}),
        ("ask", {"ask", "asks", "asked", "asking"}),
    ],
)
def test_verb_forms(inf: Dossier, lemma: str, forms: set[str]) -> None:
    assert set(inf.verb_forms(lemma)) == forms


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
