"""Words of offices and institutions: which of them speak for a state or body, and which do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """`name` is the head noun in the singular; `speaks`: its holder's words count for the actor."""

    name: str
    speaks: bool
    institution: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INSTITUTIONS = _words(
    """
    ministry ministries government administration parliament embassy mission delegation side authorities
    leadership military army presidency cabinet department council command staff kremlin chancellery
    navy congress secretariat commission service agency bureau office directorate diplomacy position
    statement commentary legislature assembly senate duma bundestag alliance
    """
)
_SPEAKERS = _words(
    """
    president minister chancellor premier secretary undersecretary spokesman spokeswoman spokesperson
    spokespeople spokesmen ambassador envoy representative diplomat official officer negotiator leader
    chief commander general admiral head director adviser advisor king queen emperor monarch attache
    counsellor consul commissioner pope chairman chairwoman chair governor delegate source sources aide
    counterpart
    """
)
_SILENT = _words(
    """
    lawmaker legislator senator congressman congresswoman congressmen congresswomen mp mps
    parliamentarian politician expert analyst scholar professor academic scientist researcher historian
    journalist reporter newspaper daily magazine media press outlet broadcaster think-tank thinktank
    party parties opposition activist candidate economist strategist author commentator veteran citizen
    voter businessman democrat democrats republican republicans specialist pundit columnist
    correspondent committee subcommittee faction caucus
    """
)
_MODIFIERS = _words(
    """
    foreign defence defense interior finance justice prime deputy first vice senior top chief acting
    permanent special press state of for and the to affairs security national international arms control
    under assistant nuclear presidential federal joint armed forces general high military intelligence
    political disarmament nonproliferation non-proliferation strategic european eu nato united nations
    un white house pentagon kremlin s policy external upper lower news ruling army navy air force
    territorial energy trade economic culture high-ranking high-level government ministry department
    administration embassy mission council office staff parliament duma congressional parliamentary
    legislative commander-in-chief chiefs supreme allied main regional information committee
    """
)
_SPELLED = {
    "spokesmen": "spokesman",
    "spokespeople": "spokesperson",
    "ministries": "ministry",
    "authorities": "authorities",
    "sources": "official",
    "source": "official",
    "aide": "official",
    "aides": "official",
    "congressmen": "congressman",
}


def _singular(word: str) -> str:
    if word in _SPELLED:
        return _SPELLED[word]
    if word.endswith("s") and word[:-1] in _SPEAKERS | _SILENT | _INSTITUTIONS:
        return word[:-1]
    return word


ROLE_WORDS = (
    _INSTITUTIONS
    | _SPEAKERS
    | _SILENT
    | _MODIFIERS
    | frozenset(w + "s" for w in _SPEAKERS | _SILENT if not w.endswith("s"))
)


def role_of(words: Sequence[str]) -> Role | None:
    """The role that lower-case words end in ("deputy foreign minister"), None if they end in no role.

    What follows "of", "for" or "to" qualifies the office before it: "secretary of state".
    """
    if not words:
        return None
    word = _singular(words[-1])
    qualified = next(
        (n for n in range(len(words) - 1) if words[n + 1] in {"of", "for", "to"} and n < len(words) - 2), None
    )
    if qualified is not None:
        outer = role_of(words[: qualified + 1])
        if outer is not None:
            return outer
    if word == "general" and len(words) > 1 and words[-2] == "secretary":
        word = "secretary"
    if word in _SILENT:
        return Role(word, speaks=False)
    if word in _INSTITUTIONS:
        return Role(word, speaks=True, institution=True)
    if word in _SPEAKERS:
        return Role(word, speaks=True)
    return None


def is_institution(role: Role) -> bool:
    return role.institution or role.name == "institution"
