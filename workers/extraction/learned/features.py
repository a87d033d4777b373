"""The words of a candidate as features: n-grams of signs by zone, with actors by their part in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from workers.extraction.learned.candidates import OWN_ZONES
from workers.extraction.patterns import load_rules

if TYPE_CHECKING:
    from services.core.domain.dossier import Dossier
    from workers.extraction.learned.candidates import Candidate

#: The parties whose name says what a sentence is about; every other actor is just another one.
_PARTIES = {"@russia": "@R", "@usa": "@U", "@nato": "@N", "@china": "@C", "@nobody": "@0"}
_FIRST = frozenset({"i", "we", "our", "us", "my", "me", "ours"})
_NEGATORS = frozenset(
    {"not", "no", "never", "n't", "without", "neither", "nor", "cannot", "hardly", "nothing", "n’t"}
)
_STOPS = frozenset({",", ";", ".", ":", "but", "because"})
_CONDITIONS = frozenset({"if", "unless", "until", "provided", "provide", "long", "only", "condition"})
_REACH = 4
_SKIP = 3


def party_of(actor: str, dossier: Dossier) -> str:
    """R Russia, U the United States, N NATO, C China, B a member of NATO, X others."""
    own = _PARTIES.get(f"@{actor}")
    if own:
        return own[1]
    return "B" if actor in dossier.groups.get("nato", ()) else "X"


class WordClasses:
    """Classes of words of like meaning: the model's own, the verbs of speech and the subject's word groups."""

    def __init__(
        self, own: Mapping[str, Any], operators: Mapping[str, Any], groups: Mapping[str, Any]
    ) -> None:
        self._exact: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for name, words in (
            *own.items(),
            *groups.items(),
            *operators["verbs"].items(),
            *operators["nouns"].items(),
        ):
            for word in words:
                table = self._stems if word.endswith("*") else self._exact
                table.setdefault(word.removesuffix("*"), f"%{name}")
        for word in operators["falsehood"]:
            self._exact.setdefault(word, "%fake")
        self._known: dict[str, str] = {}

    def of(self, code: str) -> str:
        """The class of a sign, `%name`; the sign itself where it has none."""
        known = self._known.get(code)
        if known is None:
            known = self._exact.get(code)
            if known is None and code[0] not in "@#":
                known = next(
                    (self._stems[code[:n]] for n in range(len(code), 2, -1) if code[:n] in self._stems), None
                )
            known = self._known[code] = known or code
        return known


@cache
def word_classes(dossier_id: str) -> WordClasses:
    """The word classes of a packaged dossier, read once."""
    own = resources.files("workers.extraction.learned").joinpath("word_classes.yaml").read_text("utf-8")
    groups = load_rules(dossier_id, "position_patterns")["words"]
    return WordClasses(MappingProxyType(yaml.safe_load(own)), load_rules(dossier_id, "operators"), groups)


def features(candidate: Candidate, party: str, classes: WordClasses) -> set[str]:
    """The features that are there. Their names are the model's vocabulary."""
    codes = _codes(candidate)
    found: set[str] = {f"party={party}"}
    own = [n for n, zone in enumerate(candidate.zones) if zone in OWN_ZONES]
    rest = [n for n, zone in enumerate(candidate.zones) if zone not in OWN_ZONES]
    for gram in _grams([codes[n] for n in own], 3):
        found.add("w:" + gram)
        if "@" in gram or "#" in gram or " " not in gram:
            found.add(f"{party}:{gram}")
    for zone in "hdap":
        mine = [codes[n] for n, z in enumerate(candidate.zones) if z == zone]
        if mine:
            found.add("zone=" + zone)
            found.update(f"{zone}:{gram}" for gram in _grams(mine, 2))
    found.update("r:" + gram for gram in _grams([codes[n] for n in rest], 1))
    sequence = [codes[n] for n in own]
    found.update("s:" + pair for pair in _skips(sequence))
    found.update("no:" + code for code in _negated(sequence))
    kinds = [classes.of(code) for code in sequence]
    marked = [
        kind for kind, code in zip(kinds, sequence, strict=True) if kind[0] in "%@#" or code in _NEGATORS
    ]
    for stream, tag, longest in ((kinds, "c", 3), (marked, "m", 2)):
        for gram in _grams(stream, longest):
            if "%" in gram:
                found.add(f"{tag}:{gram}")
                found.add(f"{party}{tag}:{gram}")
    found.update("k:" + pair for pair in _skips(kinds) if "%" in pair)
    for zone in "hda":
        found.update(
            f"{zone}c:{k}"
            for k, z in zip(
                (classes.of(codes[n]) for n in own), (candidate.zones[n] for n in own), strict=True
            )
            if z == zone and k[0] == "%"
        )
    if _CONDITIONS & set(sequence):
        found.add("if")
        found.update("if:" + code for code in sequence if code[0] in "#@")
    return found


def _codes(candidate: Candidate) -> list[str]:
    me = f"@{candidate.actor}"
    found = []
    for sign, zone in zip(candidate.line.signs, candidate.zones, strict=True):
        code = sign.code
        if code == me or (code in _FIRST and zone in "hd"):
            code = "@H"
        elif code.startswith("@"):
            code = _PARTIES.get(code, "@o")
        elif code.isdigit() or (code and code[0].isdigit()):
            code = "0"
        found.append(code)
    return found


def _grams(codes: Sequence[str], longest: int) -> Iterator[str]:
    for n in range(len(codes)):
        for size in range(1, longest + 1):
            if n + size <= len(codes):
                yield " ".join(codes[n : n + size])


def _skips(codes: Sequence[str]) -> Iterator[str]:
    """Pairs with one to three signs between."""
    for n, first in enumerate(codes):
        if len(first) < 3 and first[0] not in "@#":
            continue
        for second in codes[n + 2 : n + 2 + _SKIP]:
            if len(second) > 2 or second[0] in "@#":
                yield f"{first}_{second}"


def _negated(codes: Sequence[str]) -> Iterator[str]:
    """What stands shortly after a negator."""
    for n, code in enumerate(codes):
        if code not in _NEGATORS:
            continue
        for other in codes[n + 1 : n + 1 + _REACH]:
            if other in _STOPS:
                break
            yield other
