"""An index of known articles for one run over a file: no server, nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from workers.dedup.furniture import LATELY, UNKNOWN, Printed, printed
from workers.dedup.near_duplicates import Fingerprint
from workers.dedup.search import Beside, Known, Sharing, Text, Verdict, most_shared


class MemoryIndex:
    """`CopyIndex` in memory."""

    def __init__(self) -> None:
        self.keys: dict[int, list[int]] = {}
        self._known: list[tuple[Known, Fingerprint]] = []
        self._texts: dict[bytes, int] = {}
        self._printed: dict[int, dict[str, Printed]] = {}  # by outlet and article, in order

    def __len__(self) -> int:
        return len(self._known)

    def beside(self, text: Text) -> Beside:
        ref = self._texts.get(text.sha256)
        equal = None if ref is None else self._known[ref][0]
        if equal is not None and equal.article_id == text.article_id:
            equal = None
        return Beside(equal, () if text.outlet == UNKNOWN else self._lately(text.outlet, text.article_id))

    def sharing(self, query: Sequence[int], besides: str) -> Sharing:
        refs, crowded = most_shared((key, ref) for key in query for ref in self.keys.get(key, ()))
        found = (self._known[ref][0] for ref in refs)
        return Sharing([known for known in found if known.article_id != besides], crowded)

    def fetch(self, known: Sequence[Known]) -> None:
        """All is at hand."""

    def fingerprint_of(self, known: Known) -> Fingerprint | None:
        return self._known[known.ref][1]

    def _lately(self, outlet: int, besides: str) -> list[Printed]:
        return [found for name, found in self._printed.get(outlet, {}).items() if name != besides][-LATELY:]

    def add(self, text: Text, story_id: UUID, verdict: Verdict) -> Known:
        """Remember a text and the verdict on it."""
        known = Known(len(self._known), text.article_id, story_id, verdict.furniture)
        self._known.append((known, text.fingerprint))
        self._texts.setdefault(text.sha256, known.ref)
        self._note(text)
        for key in verdict.keys:
            refs = self.keys.setdefault(key, [])
            if all(self._known[ref][0].story_id != story_id for ref in refs):
                refs.append(known.ref)
        return known

    def _note(self, text: Text) -> None:
        outlet = self._printed.setdefault(text.outlet, {})
        outlet.pop(text.article_id, None)
        outlet[text.article_id] = printed(text.fingerprint)
        if len(outlet) > 2 * LATELY:
            del outlet[next(iter(outlet))]


class FileIndex(MemoryIndex):
    """All articles of a file are at hand from the start: an outlet's first ones are known by those after them, too."""

    def __init__(self, texts: Sequence[Text]) -> None:
        super().__init__()
        self._places: dict[str, int] = {}
        self._of_outlet: dict[int, list[Text]] = {}
        for text in texts:
            beside = self._of_outlet.setdefault(text.outlet, [])
            self._places[text.article_id] = len(beside)
            beside.append(text)

    def _lately(self, outlet: int, besides: str) -> list[Printed]:
        """The nearest articles of the outlet in the order of the texts, rather those before."""
        beside, place = self._of_outlet[outlet], self._places[besides]
        first = max(0, place - LATELY)
        near = (*beside[first:place], *beside[place + 1 : first + LATELY + 1])
        return [self._remembered(text) for text in near]

    def _remembered(self, text: Text) -> Printed:
        if text.article_id not in self._printed.get(text.outlet, {}):
            self._note(text)
        return self._printed[text.outlet][text.article_id]
