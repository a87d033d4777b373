"""How grammar rules are declared: a pattern, the words that it can begin with, and what it means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.core.domain.reading import Timex
from workers.extraction.dates.anchoring import Anchoring

DIGIT = "#"  # stands for "begins with a digit" among the first words
QUOTE = "'"  # stands for "begins with an apostrophe" ('90s)

Build = Callable[[re.Match[str], Anchoring], "list[Timex] | Timex | None"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One form of expression. `build` gives None where the match means something else."""

    pattern: re.Pattern[str]
    build: Build


RULES: defaultdict[str, list[Rule]] = defaultdict(list)


def rule(pattern: str, first: Iterable[str]) -> Callable[[Build], Build]:
    """Declare a rule; `first` lists in lower case each word that a match can begin with."""
    compiled = re.compile(pattern)

    def add(build: Build) -> Build:
        for word in {w.lower() for w in first}:
            RULES[word].append(Rule(compiled, build))
        return build

    return add


def timex(found: re.Match[str], value: str, kind: str = "DATE", group: str | int = 0) -> Timex:
    """The whole match, or one of its groups, as an expression."""
    return Timex(found.start(group), found.end(group), value, kind)
