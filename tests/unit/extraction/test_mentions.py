"""Who is mentioned, and for whom they speak on the article's day."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.document import parse
from workers.extraction.mention import PLACE, SELF, Mention
from workers.extraction.mentions import find_mentions
from workers.extraction.owner import owner_of

DAY = date(2019, 6, 5)


def mentions(text: str, on: date | None = DAY, **article: str) -> dict[str, Mention]:
    """By the mentioned words; the last one where they occur twice."""
    document = parse(ArticleText(text, **article))
    found = find_mentions(document, load_dossier("inf"), on)
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))
    return {m.span.of(text): m for m in found}


@pytest.mark.parametrize(
    ("sentence", "words", "actor"),
    [
        ("The Russian Foreign Ministry replied on Monday.", "Russian Foreign Ministry", "russia"),
        ("Germany’s defence minister was silent.", "Germany’s defence minister", "germany"),
        ("A senior US official spoke of delays.", "A senior US official", "usa"),
        ("NATO diplomats met behind closed doors.", "NATO diplomats", "nato"),
        ("The Russian side waited for an answer.", "Russian side", "russia"),
        ("Some US lawmakers disagreed.", "Some US lawmakers", None),
        ("A Russian military expert doubted it.", "A Russian military expert", None),
        (
            "A spokeswoman for the US State Department nodded.",
            "A spokeswoman for the US State Department",
            "usa",
        ),
        ("The president of Poland came too.", "The president of Poland", "poland"),
        ("The former Russian foreign minister wrote a book.", "Russian foreign minister", None),
        (
            "Polish Deputy Foreign Minister Jan Nowacki left.",
            "Polish Deputy Foreign Minister Jan Nowacki",
            "poland",
        ),
        ("The United States, unlike Norway, signed it.", "United States", "usa"),
    ],
)
def test_offices_and_institutions(sentence: str, words: str, actor: str | None) -> None:
    assert mentions(sentence)[words].actor == actor


def test_case_and_word_boundaries_matter() -> None:
    found = mentions("They told us that the Iranian polish was unpolished; US ships sailed.")
    assert "us" not in found
    assert "polish" not in found
    assert found["US"].actor == "usa"


@pytest.mark.parametrize(
    ("on", "actor"), [(date(2018, 10, 20), "usa"), (date(2022, 5, 1), None), (date(2025, 3, 1), "usa")]
)
def test_a_person_speaks_for_an_actor_in_office_only(on: date, actor: str | None) -> None:
    found = mentions("Donald Trump said no. Trump left.", on)
    assert found["Donald Trump"].person == "donald-trump"
    assert found["Trump"].actor == actor


def test_another_bearer_of_the_name_is_somebody_else() -> None:
    found = mentions("Donald Trump met Melania Trump at the gate.")
    assert "Trump" not in found


def test_a_former_official_is_no_actor() -> None:
    found = mentions("Former Russian Foreign Minister Igor Ivanov warned. Ivanov was clear.")
    assert found["Russian Foreign Minister Igor Ivanov"].actor is None


def test_people_whom_only_the_article_introduces() -> None:
    found = mentions(
        "Polish Deputy Foreign Minister Jan Nowacki spoke first. Elena Marsh, the British ambassador to NATO, "
        "agreed. Later Nowacki and Marsh left."
    )
    assert found["Nowacki"].actor == "poland"
    assert found["Marsh"].actor == "uk"


@pytest.mark.parametrize(
    ("text", "words", "actor"),
    [
        ("Russia's Foreign Ministry protested. It was loud, the ministry said.", "the ministry", "russia"),
        ("The German Foreign Ministry asked. The US was late, the ministry said.", "the ministry", "germany"),
        ("NATO met on Monday. The alliance was united.", "The alliance", "nato"),
        ("Sergey Lavrov spoke in Moscow. He was brief.", "He", "russia"),
        ("NATO spokeswoman Oana Lungescu came. “It is so,” the spokeswoman said.", "the spokeswoman", "nato"),
        ("Washington denied it. It kept to the treaty.", "It", "usa"),
    ],
)
def test_words_that_refer_back(text: str, words: str, actor: str) -> None:
    assert mentions(text)[words].actor == actor


def test_she_is_not_a_man() -> None:
    text = "NATO spokeswoman Oana Lungescu read a letter. Vladimir Putin had sent it. She said no more."
    assert mentions(text)["She"].actor == "nato"


def test_a_pronoun_outside_a_quotation_passes_over_it() -> None:
    text = (
        "US Secretary of State Mike Pompeo was angry. “Vladimir Putin broke the treaty. Everybody knows it. "
        "There is no doubt about the missile,” he said."
    )
    assert mentions(text)["he"].person == "mike-pompeo"


def test_a_capital_where_something_happens_is_a_place() -> None:
    found = mentions("They met in Moscow. Later Washington rejected the offer.")
    assert found["Moscow"].kind == PLACE
    assert found["Moscow"].actor is None
    assert found["Washington"].actor == "usa"


STATEMENT = (
    "Statement by the Russian Foreign Ministry on missiles\n\nWe regret the decision. Our country kept to its word. "
    "We are ready to talk, and we told the US so. “We never left,” they answered."
)


def test_the_first_person_of_an_own_statement() -> None:
    found = mentions(STATEMENT)
    assert found["we"].actor == "russia"
    assert found["we"].kind == SELF
    assert found["Our country"].actor == "russia"
    assert found["US"].actor == "usa"


def test_the_first_person_of_a_transcript() -> None:
    text = "QUESTION: Will you go?\n\nMIKE POMPEO: We will, and I said so.\n\nQUESTION: When?\n\nMIKE POMPEO: Soon."
    found = mentions(text)
    assert found["We"].actor == "usa"
    assert found["I"].person == "mike-pompeo"


@pytest.mark.parametrize(
    ("article", "owner"),
    [
        (ArticleText("The talks go on.", outlet="Kremlin"), "russia"),
        (
            ArticleText("The talks go on.", outlet="Ministry of Foreign Affairs of the Russian Federation"),
            "russia",
        ),
        (ArticleText("The talks go on.", outlet="NATO"), "nato"),
        (ArticleText("The talks go on.", outlet="US Department of State"), "usa"),
        (ArticleText("The talks go on.", outlet="The Moscow Times"), None),
        (ArticleText("The talks go on.", outlet="China Daily"), None),
        (ArticleText("The talks go on.", url="https://www.state.gov/briefing/1"), "usa"),
        (ArticleText("The talks go on.", url="https://www.mid.ru/en/news/1"), "russia"),
        (ArticleText("The talks go on.", url="https://www.example.com/mid.ru"), None),
        (ArticleText("The talks go on.", url="http://[broken"), None),
        (
            ArticleText(STATEMENT.replace("We ", "They ").replace(" we ", " they ").replace("Our", "The")),
            None,
        ),
    ],
)
def test_whose_own_text_it_is(article: ArticleText, owner: str | None) -> None:
    dossier = load_dossier("inf")
    document = parse(article)
    assert owner_of(document, dossier, article.outlet, find_mentions(document, dossier, DAY)) == owner
