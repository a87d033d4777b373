"""A small pattern language over the signs of a sentence (see signs.py), compiled to regular expressions.

    deny|reject ~ {moratorium}       words of one sign, parted by bars; `~` up to three signs between
    v=(@|#9m729|they) ~5 violat*     `v=` names the sign found; `~5` up to five; `%5` also over commas
    (be|remain) in? breach of #treaty   `?`: may be missing; `*`: any ending; alternatives may be phrases
    !no  {macro}                     `!x`: the next sign is not x; `{x}`: a named group of the lexicon

A sign is a lemma in lower case or the tag of an actor (`@russia`), a concept (`#treaty`) or a gap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

_ELEMENT = re.compile(
    r"(?P<gap>[~%])(?P<size>\d*)"
    r"|(?P<not>!)?(?:(?P<name>[a-z]\w*)=)?(?:\((?P<group>[^()]*)\)|(?P<word>[^\s?()]+))(?P<optional>\?)?"
)


class PatternError(ValueError):
    """A pattern or a rule file is not usable; the message holds it."""


def compile_pattern(source: str, macros: Mapping[str, str]) -> re.Pattern[str]:
    """The regular expression for a pattern. Raises PatternError where it is none."""
    expanded = _expand(source, macros)
    parts, at = [r"(?<= )"], 0
    for found in _ELEMENT.finditer(expanded):
        if expanded[at : found.start()].strip():
            raise PatternError(f"{expanded[at : found.start()]!r} in pattern {source!r}")
        at = found.end()
        parts.append(_element(found))
    if expanded[at:].strip():
        raise PatternError(f"{expanded[at:]!r} in pattern {source!r}")
    try:
        return re.compile("".join(parts))
    except re.error as error:
        raise PatternError(f"{source!r}: {error}") from error


def _expand(source: str, macros: Mapping[str, str]) -> str:
    for _ in range(6):
        if "{" not in source:
            return source
        try:
            source = re.sub(r"\{([\w-]+)\}", lambda m: macros[m[1]], source)
        except KeyError as error:
            raise PatternError(f"no macro {error} for pattern {source!r}") from error
    raise PatternError(f"macros without end in {source!r}")


def _element(found: re.Match[str]) -> str:
    if found["gap"]:
        return _gap(found["gap"], found["size"])
    alternatives = "|".join(_alternative(a) for a in (found["group"] or found["word"]).split("|"))
    if found["not"]:
        return f"(?!(?:{alternatives}))"
    inner = f"(?P<{found['name']}>{alternatives})" if found["name"] else f"(?:{alternatives})"
    return f"(?:{inner})?" if found["optional"] else inner


def _alternative(source: str) -> str:
    words = source.split()
    if not words:
        raise PatternError(f"an empty alternative in {source!r}")
    return "".join(
        _gap(word[0], word[1:]) if re.fullmatch(r"[~%]\d*", word) else _word(word) + " " for word in words
    )


def _gap(mark: str, size: str) -> str:
    inside = r"[^ ,;:.?!()—]+ " if mark == "~" else r"[^ ;.?!]+ "
    return f"(?:{inside}){{0,{size or 3}}}?"


def _word(word: str) -> str:
    if word == "@":
        return r"@[^ ]+"
    return re.escape(word).replace(r"\*", r"[^ ]*")


@cache
def load_rules(dossier_id: str, name: str) -> Mapping[str, Any]:
    """The packaged rule file `dossiers/<dossier>/<name>.yaml`. Raises PatternError if it is not there."""
    file = resources.files("services.core.domain") / "dossiers" / dossier_id / f"{name}.yaml"
    try:
        return MappingProxyType(yaml.safe_load(file.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise PatternError(f"{dossier_id}/{name}.yaml: {error}") from error


class Lexicon:
    """The macros and patterns of a dossier, compiled once."""

    def __init__(self, dossier_id: str) -> None:
        self.macros: dict[str, str] = {
            key: "|".join(value) if isinstance(value, list) else value
            for key, value in load_rules(dossier_id, "position_patterns")["words"].items()
        }
        self._compiled: dict[str, re.Pattern[str]] = {}

    def __call__(self, source: str) -> re.Pattern[str]:
        pattern = self._compiled.get(source)
        if pattern is None:
            wrapped = source if any(c in source for c in " (|={") else f"({source})"
            pattern = self._compiled[source] = compile_pattern(wrapped, self.macros)
        return pattern


@cache
def lexicon(dossier_id: str) -> Lexicon:
    """The lexicon of a dossier, made once per process."""
    return Lexicon(dossier_id)
