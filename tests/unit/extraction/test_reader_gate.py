"""What workers ask of the reader: to stop at the gate, and what a reading depends on beside the words."""

from __future__ import annotations

from services.core.domain.dossier import load_dossier
from services.core.domain.reading import ArticleText
from workers.extraction.reader import Reader

READER = Reader(load_dossier("inf"))
OFF_TOPIC = (
    '"The bridge will be repaired," the mayor said on Tuesday. The council had voted for it last month.'
)
ON_TOPIC = 'MOSCOW, May 4. "We will keep the INF Treaty," the Russian Foreign Ministry said on Monday.'


def test_gated_an_off_topic_article_is_no_more_than_that() -> None:
    article = ArticleText(OFF_TOPIC, published_at="2019-05-07")
    whole, gated = READER.read(article), READER.read(article, gated=True)
    assert whole.quotations
    assert whole.dates
    assert (gated.relevant, gated.quotations, gated.dates) == (False, (), ())
    assert (gated.date, gated.language) == (whole.date, whole.language)


def test_gated_an_article_on_topic_is_read_whole() -> None:
    article = ArticleText(ON_TOPIC, published_at="2019-05-04")
    assert READER.read(article, gated=True) == READER.read(article)
    assert READER.read(article).positions


def test_the_day_of_receipt_bounds_the_search_for_an_articles_own() -> None:
    text = "GENEVA, March 3. Talks on the INF Treaty went on, the Russian Foreign Ministry said."
    for year in ("2015", "2021"):
        day = READER.read(ArticleText(text, received_on=f"{year}-06-01")).date.value
        assert day is None or day <= f"{year}-06-02"


def test_whose_site_it_is_belongs_to_what_a_reading_depends_on() -> None:
    assert READER.owner(ArticleText(ON_TOPIC, outlet="Kremlin")) == "russia"
    assert READER.owner(ArticleText(ON_TOPIC, url="https://www.state.gov/briefing/1")) == "usa"
    assert READER.owner(ArticleText(ON_TOPIC, outlet="Baltic Wire", url="https://wire.example/1")) is None
