"""A small pattern language over the signs of a sentence (see signs.py), compiled to regular expressions.

    deny ~ #moratorium               signs in a row; `~` up to three signs between, `~5` up to five
    h=(break ~ {duty}|violat*)       groups, alternatives, any ending (`*`); `h=` names the sign found
    @russia %8 in? breach            `%8` also over commas; `?`: may be missing
    !(from|of)  {macro}              `!`: the next sign is not; `{x}`: a named group of the lexicon

A sign is a lemma in lower case or the tag of an actor (`@russia`, any: `@`), a concept (`#treaty`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import yaml

from services.core.domain.dossier import load_dossier
from services.core.domain.dossier_folders import file_of, folder_of
from workers.extraction.required_words import Sought

_LEXEME = re.compile(r"\s*(?:(?P<gap>[~%]\d*)|(?P<name>[a-z]\w*)=|(?P<mark>[()|!?])|(?P<word>[^\s()|!?]+))")
_NEVER = "!never never"


class PatternError(ValueError):
    """A pattern or a rule file is not usable; the message holds it."""


def compile_pattern(source: str, macros: Mapping[str, str]) -> re.Pattern[str]:
    """The regular expression for a pattern. Raises PatternError where it is none.

    A name may occur in several alternatives; its groups are numbered (`v`, `v__2`, ...).
    """
    try:
        return re.compile("(?<= )(?:" + _Parser(_expand(source, macros)).whole() + ")")
    except (re.error, IndexError) as error:
        raise PatternError(f"{source!r}: {error}") from error


def _expand(source: str, macros: Mapping[str, str]) -> str:
    for _ in range(6):
        if "{" not in source:
            return source
        try:
            source = re.sub(r"\{([\w-]+)\}", lambda m: f"({macros[m[1]]})", source)
        except KeyError as error:
            raise PatternError(f"no macro {error} for pattern {source!r}") from error
    raise PatternError(f"macros without end in {source!r}")


class _Parser:
    """Recursive descent: alternatives of rows of items."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.items: list[tuple[str, str]] = []
        at = 0
        while source[at:].strip():
            found = _LEXEME.match(source, at)
            if found is None:
                raise PatternError(f"{source[at:]!r} in pattern {source!r}")
            kind = found.lastgroup or ""
            self.items.append((kind, found[kind]))
            at = found.end()
        self.at = 0
        self.names: dict[str, int] = {}

    def whole(self) -> str:
        result = self._alternatives()
        if self.at < len(self.items):
            raise PatternError(f"{self.items[self.at][1]!r} too much in pattern {self.source!r}")
        return result

    def _peek(self) -> tuple[str, str]:
        return self.items[self.at] if self.at < len(self.items) else ("end", "")

    def _alternatives(self) -> str:
        rows = [self._row()]
        while self._peek() == ("mark", "|"):
            self.at += 1
            rows.append(self._row())
        return "|".join(rows)

    def _row(self) -> str:
        parts: list[str] = []
        while self._peek()[0] != "end" and self._peek() not in {("mark", "|"), ("mark", ")")}:
            parts.append(self._item())
        if not parts:
            raise PatternError(f"an empty alternative in {self.source!r}")
        return "".join(parts)

    def _item(self) -> str:
        kind, value = self._peek()
        self.at += 1
        if kind == "gap":
            inside = "[^ ,;:.?!()—]+ " if value[0] == "~" else "[^ ;.?!]+ "
            return f"(?:{inside}){{0,{value[1:] or 3}}}?"
        if value == "!":
            return f"(?!{self._item()})"
        if kind == "name":
            number = self.names[value] = self.names.get(value, 0) + 1
            inner = self._item()
            group = value if number == 1 else f"{value}__{number}"
            return f"(?P<{group}>{inner})"
        if value == "(":
            inner = f"(?:{self._alternatives()})"
            if self._peek() != ("mark", ")"):
                raise PatternError(f"a bracket is open in {self.source!r}")
            self.at += 1
        elif kind == "word":
            inner = "@[^ ]+ " if value == "@" else re.escape(value).replace(r"\*", "[^ ]*") + " "
        else:
            raise PatternError(f"{value!r} in pattern {self.source!r}")
        if self._peek() == ("mark", "?"):
            self.at += 1
            return f"(?:{inner})?"
        return inner


@cache
def load_rules(dossier_id: str, name: str) -> Mapping[str, Any]:
    """The rule file `<name>.yaml` of a dossier. Raises PatternError if it is not there or is none."""
    file = file_of(folder_of(dossier_id), name, load_dossier(dossier_id).like)
    try:
        return MappingProxyType(yaml.safe_load(file.read_text("utf-8")))
    except (OSError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PatternError(f"{dossier_id}/{name}.yaml: {error}") from error


class Lexicon:
    """The macros and patterns of a dossier, compiled once."""

    def __init__(self, dossier_id: str) -> None:
        rules = load_rules(dossier_id, "position_patterns")
        self.macros: dict[str, str] = {
            key: "|".join(value) if isinstance(value, list) else value
            for key, value in rules["words"].items()
        }
        self._patterns = {
            f"{rule}/{name}": tuple(sources)
            for rule, groups in rules.get("patterns", {}).items()
            for name, sources in groups.items()
        }
        self._whole = {name: "|".join(sources) for name, sources in self._patterns.items()}
        self._compiled: dict[str, Sought] = {}

    def __call__(self, source: str) -> re.Pattern[str]:
        return self.sought(source).pattern

    def sought(self, source: str) -> Sought:
        """A pattern with what a line must hold for it to have a chance."""
        found = self._compiled.get(source)
        if found is None:
            found = self._compiled[source] = Sought.of(compile_pattern(source, self.macros))
        return found

    def patterns(self, name: str) -> tuple[str, ...]:
        """The dossier's patterns of that name ("rule/name"), in order; empty where it has none of these."""
        return self._patterns.get(name, ())

    def compile_all(self) -> None:
        """Raises PatternError for the first pattern that is none."""
        for name in self._patterns:
            self(self.pattern(name))

    def pattern(self, name: str) -> str:
        """The patterns of that name as one; one that is never found where the dossier has none."""
        return self._whole.get(name) or _NEVER


@cache
def lexicon(dossier_id: str) -> Lexicon:
    """The lexicon of a dossier, made once per process."""
    return Lexicon(dossier_id)
