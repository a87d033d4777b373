"""The reader: from an article's text to all that is read out of it for one dossier."""

from __future__ import annotations

from datetime import date

from services.core.domain.dossier import Dossier
from services.core.domain.reading import ArticleDate, ArticleText, Quotation, Reading, Timex
from workers.extraction.article_date import work_out_date
from workers.extraction.confidence import EVENTS, POSITIONS, calibrated, tables
from workers.extraction.dates import find_dates
from workers.extraction.document import Document, parse
from workers.extraction.findings import Finding
from workers.extraction.guard import guard
from workers.extraction.joint_acts import together
from workers.extraction.language import detect_language
from workers.extraction.learned.second_look import second_look
from workers.extraction.mention import Mention
from workers.extraction.mentions import find_mentions
from workers.extraction.owner import owner_by_address, owner_of
from workers.extraction.political_events import find_events
from workers.extraction.positions import find_positions
from workers.extraction.quotations import find_quotations
from workers.extraction.relevance import is_relevant
from workers.extraction.scene import Scene
from workers.extraction.statements import find_statements
from workers.extraction.voices import voiced

#: Raise it whenever the same article may be read differently; it goes into every record of the log.
EXTRACTOR_VERSION = "1.7.0"

LANGUAGES = frozenset({"en"})


class Reader:
    """Reads articles for one dossier. Holds no state between articles; one per process is enough.

    `calibrate=False` leaves records at their raw scores, which only order what one article says.
    """

    EXTRACTOR_VERSION = EXTRACTOR_VERSION

    def __init__(self, dossier: Dossier, *, calibrate: bool = True) -> None:
        self.dossier = dossier
        self._worth = tables(dossier.id) if calibrate else {}

    def read(self, article: ArticleText, *, gated: bool = False) -> Reading:
        """All that is read out of an article. Any text is accepted.

        What is in another language gives its language and date alone; what is off topic gives quotations
        and dates, no positions and no events. `gated` stops there: off topic, it gives no more than what is
        in another language does, at a hundredth of the cost.
        """
        head = self._head(article)
        if _foreign(head.language) or (gated and not head.relevant):
            return head
        language, relevant, day = head.language, head.relevant, head.date
        anchor = _as_day(day.value)
        timexes = find_dates(article.text, anchor)
        document = parse(article)
        mentions = find_mentions(document, self.dossier, anchor)
        quotations = find_quotations(document, mentions, self.dossier)
        reading = Reading(self.dossier.id, language, relevant, day, tuple(quotations), dates=tuple(timexes))
        if not relevant:
            return reading
        return self._with_records(reading, article, document, mentions, timexes)

    def passed_over(self, article: ArticleText) -> Reading | None:
        """What `read` gives, gated, of an article that needs no reading: in another language, or off topic."""
        head = self._head(article)
        return None if head.relevant else head

    def _head(self, article: ArticleText) -> Reading:
        """Language, date, and whether it is on the subject: no article in another language is."""
        language = article.language or detect_language(article.text)
        day = work_out_date(article, self.dossier, today=_as_day(article.received_on))
        relevant = not _foreign(language) and is_relevant(article.text, article.title, self.dossier)
        return Reading(self.dossier.id, language, relevant, day)

    def owner(self, article: ArticleText) -> str | None:
        """Whose own statements the outlet publishes: beside text, title, day and language, all that counts."""
        return owner_by_address(article.outlet, article.url, self.dossier)

    def _with_records(
        self,
        reading: Reading,
        article: ArticleText,
        document: Document,
        mentions: list[Mention],
        timexes: list[Timex],
    ) -> Reading:
        scene = self.scene(article, document, mentions, timexes, reading.date)
        findings = self.findings(scene)
        positions = voiced(scene, find_positions(findings, reading.date.value))
        events = find_events(together(scene, findings), self.dossier)
        full = Reading(
            dossier=reading.dossier,
            language=reading.language,
            relevant=True,
            date=reading.date,
            quotations=reading.quotations,
            positions=calibrated(positions, self._worth.get(POSITIONS, {})),
            events=calibrated(events, self._worth.get(EVENTS, {})),
            dates=reading.dates,
        )
        return guard(full, article.text, self.dossier)

    def findings(self, scene: Scene) -> list[Finding]:
        """What the rules and the encoder's second look make of it together."""
        return second_look(scene, find_statements(scene))

    def scene(
        self,
        article: ArticleText,
        document: Document,
        mentions: list[Mention],
        timexes: list[Timex],
        day: ArticleDate,
    ) -> Scene:
        """What the rules look at."""
        nested: list[Quotation] = find_quotations(document, mentions, self.dossier, nested=True)
        return Scene(
            document,
            self.dossier,
            mentions,
            nested,
            timexes,
            day.value,
            owner_of(document, self.dossier, article.outlet, mentions),
        )


def _foreign(language: str | None) -> bool:
    return language is not None and language.split("-")[0].lower() not in LANGUAGES


def _as_day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value and len(value) == 10 else None
