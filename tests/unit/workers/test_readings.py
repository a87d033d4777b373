"""Which articles share a reading."""

from __future__ import annotations

from uuid import UUID

from services.core.domain.reading import ArticleText, Reading
from workers.readings import Reader, input_id

TEXT = "NATO rejects the proposal of a moratorium, a spokeswoman said on Wednesday."


class Nobody:
    """Reads nothing: only what a reading depends on is asked for."""

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        raise AssertionError("nothing is to be read")

    def owner(self, article: ArticleText) -> str | None:
        return None


def named(**given: str) -> UUID:
    return input_id(ArticleText(TEXT, **given), "00" * 32, Reader("inf", "1", "1", Nobody()))


def test_without_a_day_of_publication_the_day_of_receipt_counts() -> None:
    assert named(received_on="2019-09-25") == named(received_on="2019-09-25")
    assert named(received_on="2019-09-25") != named(received_on="2020-09-25")


def test_with_a_day_of_publication_the_day_of_receipt_does_not_matter() -> None:
    first = named(published_at="2019-09-25", received_on="2019-09-25")
    assert first == named(published_at="2019-09-25T10:00:00Z", received_on="2020-01-01")
    assert first != named(published_at="2019-09-26", received_on="2019-09-25")
