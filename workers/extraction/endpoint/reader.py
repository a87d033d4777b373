"""The built-in reader with a second one behind it: asked when on, never needed."""

from __future__ import annotations

from dataclasses import replace

from services.core.domain.dossier import Dossier
from services.core.domain.reading import ArticleText, Reading, SecondReader
from workers.extraction.endpoint.answer import Setting, records
from workers.extraction.endpoint.client import READ, Endpoint, EndpointFailed, ask
from workers.extraction.endpoint.merging import merged
from workers.extraction.endpoint.question import MOST_CHARACTERS, messages, schema
from workers.extraction.explaining import ExplainingReader, Explanation, Record
from workers.extraction.guard import guard
from workers.extraction.reader import EXTRACTOR_VERSION


class EndpointReader:
    """Reads as the built-in reader does, and asks an endpoint about every article on the subject.

    The endpoint's records pass the same guard and are added to the built-in reader's, which wins where they
    disagree. Whatever goes wrong with it, the reading is the built-in reader's; `second_reader` says which.
    """

    def __init__(self, dossier: Dossier, endpoint: Endpoint) -> None:
        self.dossier: Dossier = dossier
        self.endpoint = endpoint
        self._built_in = ExplainingReader(dossier)

    @property
    def EXTRACTOR_VERSION(self) -> str:  # noqa: N802 - as every reader names it
        """The built-in reader's version with the endpoint's as build metadata."""
        return f"{EXTRACTOR_VERSION}+endpoint.{self.endpoint.version}"

    def owner(self, article: ArticleText) -> str | None:
        """Whose own statements the outlet publishes."""
        return self._built_in.owner(article)

    def passed_over(self, article: ArticleText) -> Reading | None:
        """As the built-in reader passes over it."""
        return self._built_in.passed_over(article)

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        """All that both read. The endpoint sees no article that is off topic or in another language."""
        reading = self._built_in.read(article, gated=gated)
        if not reading.relevant:
            return reading
        try:
            second = self._second(article, reading)
        except EndpointFailed as failed:
            return replace(reading, second_reader=SecondReader(self.endpoint.name, failed.reason))
        both = merged(reading, guard(second, article.text, self.dossier))
        return replace(both, second_reader=SecondReader(self.endpoint.name, READ))

    def explanation(self, record: Record) -> Explanation:
        """Of a record of the reading that `read` gave last."""
        return self._built_in.explanation(record)

    def _second(self, article: ArticleText, reading: Reading) -> Reading:
        """What the endpoint says, not yet guarded. Raises EndpointFailed."""
        if len(article.text) > MOST_CHARACTERS:
            raise EndpointFailed("too-long")
        question = messages(article, reading.date.value, self.dossier)
        content = ask(self.endpoint, question, schema(self.dossier))
        setting = Setting(
            text=article.text,
            day=reading.date.value,
            present=self._built_in.actors_present(),
            dossier=self.dossier,
            reader=self.endpoint.name,
        )
        positions, events = records(content, setting)
        return replace(reading, positions=tuple(positions), events=tuple(events), refused={})
