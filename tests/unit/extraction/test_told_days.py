"""Days that lean on other days: counted ones, anniversaries, chronicles, older stories; and the subject of an article."""

from __future__ import annotations

import datetime as dt

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.dates import find_dates
from workers.extraction.document import parse
from workers.extraction.event_dates import Dating
from workers.extraction.relevance import is_relevant

DOSSIER = load_dossier("inf")


def values(text: str, day: str) -> dict[str, str]:
    return {text[t.start : t.end]: t.value for t in find_dates(text, dt.date.fromisoformat(day))}


@pytest.mark.parametrize(
    ("text", "day", "words", "value"),
    [
        ("Thirty years ago today two men met.", "2017-12-08", "Thirty years ago today", "1987-12-08"),
        ("Today forty years ago it was decided.", "2019-12-12", "Today forty years ago", "1979-12-12"),
        ("It began 31 years ago this Saturday.", "2019-05-29", "31 years ago this Saturday", "1988-06-01"),
        ("A year ago this month it ended.", "2020-08-19", "A year ago this month", "2019-08"),
        ("It has been in force since the first of June.", "1988-08-02", "the first of June", "1988-06-01"),
        ("It left on the second of August 2019.", "2021-01-05", "the second of August 2019", "2019-08-02"),
        ("It lapsed on the second of this month.", "2019-08-20", "the second of this month", "2019-08-02"),
        ("She confirmed a meeting in Oslo on Jan. 15.", "2018-12-28", "Jan. 15", "2019-01-15"),
        (
            "They met last Thursday. The day before the talks, she left.",
            "2018-10-31",
            "The day before",
            "2018-10-24",
        ),
        ("It came on Wednesday. On the eve she had denied it.", "2018-12-06", "On the eve", "2018-12-04"),
        (
            "In 1983 they left that November. Four years later two signed.",
            "2022-02-18",
            "Four years later",
            "1987",
        ),
        (
            "Signed on 8 December 1987, it took effect the next June.",
            "2018-10-25",
            "the next June",
            "1988-06",
        ),
        (
            "It was told in 1987. It began on June 1 of the next year.",
            "2007-02-16",
            "June 1 of the next year",
            "1988-06-01",
        ),
        (
            "In spring 2013 she asked. He did in July of the following year.",
            "2024-12-10",
            "July of the following year",
            "2014-07",
        ),
        (
            "In February 2019 it quit the 1987 arms treaty, on 2 August of that year.",
            "2024-09-30",
            "2 August of that year",
            "2019-08-02",
        ),
        (
            "The 1987 INF Treaty was signed. A year later it took effect.",
            "2019-02-28",
            "A year later",
            "1988",
        ),
        (
            "In 2014 he spoke of the 1987 treaty. Four years later it was over.",
            "2019-02-28",
            "Four years later",
            "2018",
        ),
        ("1981. On November 18 he offers it.", "2019-08-05", "November 18", "1981-11-18"),
        ("2007: It is unhappy. In October they turn to the UN.", "2018-10-25", "October", "2007-10"),
    ],
)
def test_days_that_lean_on_another(text: str, day: str, words: str, value: str) -> None:
    assert values(text, day)[words] == value


def told(text: str, day: str) -> list[str]:
    """The calendar dates of a text's sentences, as the rules see them."""
    document = parse(ArticleText(text=text))
    dating = Dating(document, find_dates(text, dt.date.fromisoformat(day)), day)
    return [value for number in range(len(document.sentences)) for _, value in dating.dates_of(number)]


def test_a_count_of_days_leads_to_the_act_that_it_counts_from() -> None:
    text = "The envoy spoke on Monday, three days after the minister suspended the treaty."
    assert told(text, "2019-02-06") == ["2019-02-04", "2019-02-01"]
    text = "It left the treaty on 2 August 2019. Sixteen days after the exit the army fired a missile."
    assert told(text, "2021-03-01") == ["2019-08-02", "2019-08-18"]


def test_a_count_from_that_act_leads_on() -> None:
    text = "At the hearing of 10 December 2014 he said so. The envoy replied a week after that hearing."
    assert told(text, "2015-06-12") == ["2014-12-10", "2014-12-17"]


def test_a_date_without_year_belongs_to_the_older_story() -> None:
    text = "On 1 February 2019 Washington gave notice. On August 2 it was out."
    assert told(text, "2020-11-20") == ["2019-02-01", "2019-08-02"]
    assert told(text.replace("August 2", "November 12"), "2020-11-20")[1] == "2020-11-12"
    text = "It came in April 2024. It was fired this July. Beijing urged both on 16 September to take it out."
    assert told(text, "2025-11-20")[-1] == "2025-09-16"
    text = "On 2 February 2019 it was suspended. He signed the decree on March 4 and the law on July 3."
    assert told(text, "2025-08-04")[-2:] == ["2019-03-04", "2019-07-03"]
    text = "He deplored the withdrawal from the pact last year. On August 2 the country withdrew from it."
    assert told(text, "2020-10-27")[-1] == "2019-08-02"


def test_an_entry_of_a_chronicle_is_dated_by_its_head() -> None:
    text = "How it went.\n\nDecember 1979: NATO decides to station missiles.\n\nMOSCOW, May 3. /NW/. It went."
    assert told(text, "2018-05-03") == ["1979-12"]


@pytest.mark.parametrize(
    "text",
    [
        "The minister said Russia had broken the treaty and the missiles must go. Washington will leave it.",
        (
            "A treaty that kept a whole class of missiles out of Europe is about to die, Berlin says. Washington and "
            "Moscow blame each other."
        ),
        (
            "Tokyo will not host American medium-range missiles on its soil, the prime minister said on Friday. The "
            "pact with Russia is gone."
        ),
        "The Soviet delegation left the talks on medium-range missiles in Geneva.",
        (
            "The two signed it on December 8, 1987, and the nuclear arsenals of Americans and Russians shrank; the "
            "treaty lives."
        ),
        "Bonn gives up its 72 Pershing 1a missiles, and Moscow sees the way free for a treaty.",
        "Belarus is to receive Oreshnik missiles, to be stationed near Minsk, now that Russia's moratorium is over.",
        "Ryabkov offered a moratorium on intermediate-range missiles in Europe.",
        *(
            "The United States withdrew in 2019 from the treaty with Russia that banned ground-launched "
            f"intermediate-range missiles. Washington will deploy Tomahawk missiles in Germany. Moscow objects. {beside}"
            for beside in (
                "New START, the last nuclear treaty, expires in 2026.",
                "Moscow, at war with Ukraine, rejects a ceasefire.",
                "A defense pact binds the allies.",
            )
        ),
        (
            "Washington says INF is dead, and that Russia's nuclear missiles and its violation of arms control broke it; "
            "the withdrawal is not for discussion."
        ),
    ],
)
def test_an_article_may_not_name_the_treaty(text: str) -> None:
    assert is_relevant(text, None, DOSSIER)


@pytest.mark.parametrize(
    "text",
    [
        "Tokyo will not host American medium-range missiles on its soil, the prime minister said on Friday.",
        "Belarus is to receive Oreshnik missiles, which are to be stationed near Minsk.",
        "Bonn gives up its 72 Pershing 1a missiles.",
        "Russia left the Black Sea grain agreement and fired missiles at Odesa, the United States said.",
        "Moscow suspends the New START treaty. Washington says Russia violates it; missiles and warheads grow.",
        "Pyongyang fired an intermediate-range ballistic missile over Japan, breaching UN resolutions.",
        "Moscow said Washington had broken the ceasefire agreement; missiles fell on Kyiv. The treaty is dead.",
        "The United States pulled out of the Open Skies Treaty, citing Russian violations, and tested a missile.",
        "The North Atlantic Treaty Organization condemned Russian missile strikes; US allies left the talks.",
        "The Ottawa treaty bans mines. Finland withdraws from the treaty, Helsinki said.",
        "India test-fired its Agni medium-range ballistic missile from Abdul Kalam Island.",
    ],
)
def test_other_treaties_and_missiles_are_not_the_subject(text: str) -> None:
    assert not is_relevant(text, None, DOSSIER)
