"""What sites change about a text without changing its words."""

from __future__ import annotations

import pytest

from workers.dedup.words import words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“We don’t know,” he said.", '"We don\'t know," he said.'),
        ("«Nous verrons», a dit Élise", "„Nous verrons“, a dit Elise"),
        ("intermediate-range — forces", "Intermediate‑Range - Forces"),
        ("ＮＡＴＯ ﬁre", "nato fire"),
        ("one\n\n two\tthree", "one two three"),
        ("Cafe\u0301", "café"),
    ],
)
def test_style_leaves_no_trace(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("He said: “we will not” and left.", "we will not"),
        ('He said: "we will not" and left.', "we will not"),
        ("He said: ‘we won’t’ and left.", "we wont"),
        ("Он сказал: «мы не будем» и ушел.", "мы не будем"),
        ("Er sagte: „Wir werden nicht“ und ging.", "wir werden nicht"),
        ("The treaty's fate; the states' choice.", ""),
        ("“An opened paragraph\nis closed by its end", "an opened paragraph"),
        ("He said “it is 5,500 km.” Then “no.”", "it is 5 500 km no"),
    ],
)
def test_quoted_words_are_known(text: str, quoted: str) -> None:
    words, flags = words_of(text)
    assert " ".join(word for word, flag in zip(words, flags, strict=True) if flag) == quoted


def test_scripts_without_spaces_have_words() -> None:
    assert words_of("中导条约 INF").words == ["中", "导", "条", "约", "inf"]


def test_any_text_has_words() -> None:
    assert words_of("") == words_of(" \n…—") == ([], [])
    assert words_of("a\x02b\x03 \ud800").words[0] == "a"
