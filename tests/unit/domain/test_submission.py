"""What is no article is refused, and every broken rule is told with its field."""

from __future__ import annotations

import pytest

from services.core.domain.submission import character_error, submission
from services.core.errors import InvalidInput


def refused(**fields: object) -> dict[str, str]:
    posted: dict[str, object] = {"text": "Two words.", "this_year": 2026}
    with pytest.raises(InvalidInput) as caught:
        submission(**(posted | fields))  # type: ignore[arg-type]
    return {error.field: error.detail for error in caught.value.errors}


def test_text_is_kept_as_it_is_and_lines_lose_needless_space() -> None:
    text = "  MOSCOW, March 1. –\r\n\tMissiles,  he said. \n"
    made = submission(
        text=text,
        title=" Talks\n resume ",
        url="https://news.example/a?utm_source=x",
        outlet="  ",
        author="",
        tags=["INF", " INF ", "", "treaty"],
        this_year=2026,
    )
    assert made.text == text
    assert made.title == "Talks resume"
    assert made.url == "https://news.example/a"
    assert made.outlet is None
    assert made.author is None
    assert made.tags == ("INF", "treaty")


@pytest.mark.parametrize("text", ["", "   ", "Missiles", "12 34 56", "…!", "a" * 50, "條"])
def test_a_text_of_less_than_two_words_is_no_article(text: str) -> None:
    assert "two words" in refused(text=text)["text"]


@pytest.mark.parametrize("text", ["Missiles banned", "俄罗斯外交部", "ракеты запрещены", "Ça va", "ミサイル"])
def test_short_texts_of_any_script_are_taken(text: str) -> None:
    assert submission(text=text, this_year=2026).text == text


@pytest.mark.parametrize(
    "character", ["\x00", "\x08", "\x0b", "\x1b", "\x7f", "\x85", "\x9f", "\ufffe", "\uffff"]
)
def test_control_characters_are_named_with_their_place(character: str) -> None:
    found = refused(text=f"Two words{character}.", title=f"A{character}", tags=["a", f"b{character}"])
    assert found["text"] == f"holds a control character (U+{ord(character):04X}) at character 9"
    assert found["title"].endswith("at character 1")
    assert "tags.1" in found


def test_of_all_characters_those_alone_are_refused() -> None:
    controls = [*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF]
    found = {number for number in range(0x11000) if character_error(f"A {chr(number)}")}
    assert found == {*controls, *range(0xD800, 0xE000)}


@pytest.mark.parametrize("space", [" ", "\n", "\u00a0", "\u2028"])
def test_the_longest_word_that_is_taken(space: str) -> None:
    longest = "x" * 10_000
    text = space.join(["Two words", longest, longest])
    assert submission(text=text, this_year=2026).text == text
    assert refused(text=f"{text}y")["text"].endswith("from character 10011")


def test_half_a_surrogate_pair_is_refused() -> None:
    assert "surrogate" in refused(text="Two words \ud83d.")["text"]


def test_a_megabyte_word_and_a_megabyte_too_much_are_refused() -> None:
    assert "without a space" in refused(text="Two words " + "x" * 10_001)["text"]
    assert "longer than 30" in refused(text="word " * 10, max_characters=30)["text"]


@pytest.mark.parametrize(
    ("posted", "kept"),
    [
        ("2019-08-02", "2019-08-02"),
        (" 2019-08-02 ", "2019-08-02"),
        ("2019-08-02T10:30:00+02:00", "2019-08-02T10:30:00+02:00"),
        ("2019-08-02t10:30:00.5z", "2019-08-02T10:30:00.5Z"),
        ("2019-08-02 23:59:59-09:30", "2019-08-02T23:59:59-09:30"),
        ("2027-12-31", "2027-12-31"),
        ("", None),
    ],
)
def test_published_at_keeps_the_offset_it_came_with(posted: str, kept: str | None) -> None:
    assert submission(text="Two words.", published_at=posted, this_year=2026).published_at == kept


@pytest.mark.parametrize(
    "posted",
    [
        "2019-02-30", "2019-13-01", "2019-08", "2019", "02.08.2019", "yesterday", "20190802", "2019-W31-5",
        "2019-08-02T10:30:00", "2019-08-02T25:00:00Z", "2019-08-02T10:30Z", "1899-12-31", "2028-01-01",
        "9999-12-31", "0000-01-01", "2019-08-02T10:30:00+25:00", "२०१९-०८-०२", "2019-08-02T10:30:00+02:00Z",
    ],
)  # fmt: skip
def test_absurd_dates_are_refused(posted: str) -> None:
    assert "published_at" in refused(published_at=posted)


def test_every_broken_rule_is_told_at_once() -> None:
    found = refused(
        text="one",
        title="t" * 1001,
        url="gopher://x",
        outlet="o" * 201,
        published_at="soon",
        language="English",
        author="a" * 501,
        tags=["t" * 201],
        text_field="html",
    )
    assert set(found) == {"html", "title", "url", "outlet", "published_at", "language", "author", "tags.0"}
    assert "tags" in refused(tags=["t"] * 101)


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant-TW", "sr-Latn"])
def test_language_tags_are_taken(language: str) -> None:
    assert submission(text="Two words.", language=language, this_year=2026).language == language
