"""The people of the INF dossier: whose words theirs are on which day, their offices, their names."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest

from services.core.domain.dossier import Dossier, Period, Person, ascii_fold

TODAY = date(2026, 11, 22)

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
