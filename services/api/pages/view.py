"""What a reader of the page is looking at: the question in the address, and addresses of other questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlencode

from services.api.pages.words import clock_words, named
from services.core.domain.dossier import Dossier

# Every filter of the API works in the page's address; the form has fields for all that people ask by.
IN_FORM = (
    "q", "actor", "recipient", "kind", "from", "to", "min_outlets", "min_stories", "outlet", "speaker", "proposition",
    "status",
)  # fmt: skip
FILTERS = (*IN_FORM, "plover")
CLOCKS = ("as_of", "reported_by", "known_at")
LABELS = {
    "q": "words", "actor": "actor", "recipient": "recipient", "kind": "kind", "from": "from", "to": "to",
    "min_outlets": "outlets, at least", "speaker": "speaker", "plover": "PLOVER", "proposition": "on",
    "outlet": "outlet", "status": "status", "min_stories": "stories, at least", "as_of": "as of",
    "reported_by": "reported by", "known_at": "known at",
}  # fmt: skip

DATES = ("from", "to", *CLOCKS)

Asked = tuple[tuple[str, str], ...]


class Chip(NamedTuple):
    """A condition in force, in words, and the address of the same view without it."""

    label: str
    value: str
    without: str


class SignedIn(NamedTuple):
    """Whose key the reader signed in with, and the token that a form of this session carries."""

    name: str
    form_token: str


@dataclass(frozen=True, slots=True)
class View:
    """The path and the query as asked (no blank values)."""

    dossier: Dossier
    path: str
    asked: Asked
    errors: Mapping[str, str]
    who: SignedIn | None = None  # None also where no keys are asked for
    site: str = ""  # where this page is found, without a path: for permanent addresses

    def values(self, name: str) -> list[str]:
        """What was asked under a name."""
        return [value for key, value in self.asked if key == name]

    def value(self, name: str) -> str:
        """The last value under a name, blank where there is none."""
        return next(reversed(self.values(name)), "")

    @property
    def filtered(self) -> bool:
        return any(name in FILTERS for name, _ in self.asked)

    @property
    def in_the_past(self) -> bool:
        return any(name in CLOCKS for name, _ in self.asked)

    def only(self, names: Iterable[str]) -> Asked:
        """The part of the query under these names: for hidden fields of a form."""
        wanted = set(names)
        return tuple(item for item in self.asked if item[0] in wanted)

    def keep(self, *without: str) -> Asked:
        """The query without these names and without its page, for a form that asks for them anew."""
        return tuple(item for item in self.asked if item[0] not in {*without, "cursor", "at"})

    def here(self, **changes: str | None) -> str:
        """This view's first page with other values for some names; None takes a name away."""
        return address(self.path, [*self.keep(*changes), *((k, v) for k, v in changes.items() if v)])

    def at(self, *path: str, **asked: str) -> str:
        """Another page seen by the same clocks."""
        clocks = self.only(("dossier", *CLOCKS))
        return address("/" + "/".join(quote(part, safe="") for part in path), [*clocks, *asked.items()])

    def article(self, article_id: str) -> str:
        """An article's page; no clock changes what was read in it."""
        return f"/articles/{quote(article_id, safe='')}"

    def timeline_json(self) -> str:
        """The same question to the API."""
        return address("/v1/timeline", self.keep())

    def feed(self, form: str) -> str:
        """The same question as a feed or a file; those have orders and lengths of their own."""
        return address(f"/v1/timeline.{form}", self.keep("order", "limit"))

    def entry_json(self, entry_id: str) -> str:
        """The same entry from the API."""
        return address(f"/v1/timeline/{entry_id}", self.only(CLOCKS))

    def fresh(self) -> str:
        """Where the script asks for what changed in this view."""
        return address("/fresh", self.keep())

    def next(self, cursor: str) -> str:
        """The page that begins at a cursor."""
        asked = [item for item in self.asked if item[0] != "cursor"]
        return address(self.path, [*asked, ("cursor", cursor)])

    def permanent(self, *path: str) -> str:
        """The address of a page that others can be given, whatever the clocks say here."""
        return f"{self.site}/{'/'.join(quote(part, safe='') for part in path)}"

    def stream(self, position: int) -> str:
        """The live stream of what this view shows, after what it shows."""
        asked = self.only(("dossier", *FILTERS))
        return address("/v1/timeline/stream", [*asked, ("last_event_id", f"{position}.{2**15}")])

    def chips(self, names: Iterable[str] = FILTERS) -> Iterator[Chip]:
        """The conditions in force under these names."""
        wanted = set(names)
        for n, (name, value) in enumerate(self.asked):
            if name in wanted:
                rest = [item for m, item in enumerate(self.asked) if m != n and item[0] != "cursor"]
                yield Chip(self.label(name), self.in_words(name, value), address(self.path, rest))

    def actor(self, actor_id: str) -> str:
        """An actor's name; an id that the dossier no longer has stands for itself."""
        known = self.dossier.actors.get(actor_id)
        return known.name if known else actor_id

    def kind(self, kind_id: str) -> str:
        """A kind of political event in words."""
        known = self.dossier.kinds.get(kind_id)
        return known.label if known else kind_id

    def proposition(self, proposition_id: str) -> str:
        """A proposition's short label."""
        known = self.dossier.propositions.get(proposition_id)
        return known.label if known else proposition_id

    def speaker(self, name: str | None) -> str | None:
        """Who speaks, where that says more than the line itself: no pronoun, not the actor's own name."""
        shown = named(name)
        bare = shown.removeprefix("the ").removeprefix("The ") if shown else None
        return None if any(bare == actor.name for actor in self.dossier.actors.values()) else shown

    def label(self, name: str) -> str:
        """What a parameter is called on the page."""
        return LABELS.get(name, name)

    def in_words(self, name: str, value: str) -> str:
        """A parameter's value as a person says it."""
        if name in DATES:
            return clock_words(value)
        named_by = {"actor": self.actor, "recipient": self.actor, "kind": self.kind,
                    "proposition": self.proposition}.get(name)  # fmt: skip
        return named_by(value) if named_by else value


def address(path: str, asked: Iterable[tuple[str, str]]) -> str:
    """A path with its query."""
    query = urlencode(list(asked))
    return f"{path}?{query}" if query else path
