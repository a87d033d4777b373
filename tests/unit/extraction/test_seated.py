"""A ministry is that of the capital it is in, unless it says whose it is."""

from __future__ import annotations

import datetime as dt

import pytest

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.document import parse
from workers.extraction.mentions import find_mentions

ABOUT_RUSSIA = (
    "MOSCOW, Feb 2. Russia suspended the INF Treaty. Russia said so on Saturday, and Russia meant it. "
)


@pytest.mark.parametrize(
    ("sentence", "words", "actor"),
    [
        ("The Foreign Ministry in Paris regretted that.", "Foreign Ministry", "france"),
        ("It was lost, the foreign ministry in Kyiv said on Saturday.", "foreign ministry", "ukraine"),
        ("A Foreign Ministry spokeswoman said in Beijing that it was wrong.", "Foreign Ministry spokeswoman", "china"),
        ("The ministry of defence in Tokyo took note.", "ministry of defence", "japan"),
        ("The Russian Foreign Ministry said in Berlin that it had no part in it.", "Russian Foreign Ministry", "russia"),
        ("Poland's foreign ministry said in Washington that it agreed.", "Poland's foreign ministry", "poland"),
    ],
)  # fmt: skip
def test_whose_ministry_it_is(sentence: str, words: str, actor: str) -> None:
    document = parse(ArticleText(ABOUT_RUSSIA + sentence))
    found = {
        m.span.of(document.text): m.actor
        for m in find_mentions(document, load_dossier("inf"), dt.date(2019, 2, 3))
    }
    assert found[words] == actor
