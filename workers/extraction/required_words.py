"""What a text must contain for a regular expression to have a chance: looked for first, as that is far cheaper.

Most news is not about the subject. To find that out by searching it with every pattern of a dossier costs more than
all else that is done with it; to look for the words without which a pattern cannot match costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

# The standard library's own parser of patterns: what it makes of one is the only exact account of what it matches.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Clause = frozenset[str]  # one of these must be in the text
_SHORTEST = 2  # characters of a word worth looking for

#: Where case is ignored, ASCII letters match these too, whose lower case is another letter.
_ODD_LETTERS = ("ſ", "İ", "ı")


class Words:
    """A text to look for words in, whatever their case."""

    def __init__(self, text: str) -> None:
        self._lowered = text.lower()
        self._odd = any(letter in text for letter in _ODD_LETTERS)
        self._found: dict[str, bool] = {}

    def may_match(self, pattern: re.Pattern[str]) -> bool:
        """False where the text has no match for the pattern; True says nothing."""
        return self._odd or all(any(map(self._has, clause)) for clause in required(pattern))

    def _has(self, word: str) -> bool:
        found = self._found.get(word)
        if found is None:
            found = self._found[word] = word in self._lowered
        return found


@dataclass(frozen=True, slots=True)
class Sought:
    """A pattern with what a short text must hold for it to have a chance."""

    pattern: re.Pattern[str]
    needed: tuple[Clause, ...]

    @classmethod
    def of(cls, pattern: re.Pattern[str]) -> Sought:
        """What to look for before the pattern."""
        return cls(pattern, required(pattern))

    def may_be_in(self, lowered: str | None) -> bool:
        """False where a text, `lowered`, has no match for the pattern; True says nothing."""
        if lowered is None:
            return True
        for clause in self.needed:
            for word in clause:
                if word in lowered:
                    break
            else:
                return False
        return True


def lowered(text: str) -> str | None:
    """A text to look for words in, whatever their case; None where lower case does not tell."""
    return None if any(letter in text for letter in _ODD_LETTERS) else text.lower()


@cache
def required(pattern: re.Pattern[str]) -> tuple[Clause, ...]:
    """Of each clause a text that the pattern matches has at least one word, in lower case."""
    clauses = _clauses(parser.parse(pattern.pattern, pattern.flags))
    return tuple(sorted(set(clauses), key=len))


def _clauses(sequence: Iterable[tuple[Any, Any]]) -> list[Clause]:
    """Of a sequence every part must match; what stands side by side is one word."""
    found: list[Clause] = []
    run = ""
    for code, argument in [*sequence, (op.FAILURE, None)]:
        if code is op.LITERAL and argument < 128:
            run += chr(argument).lower()
            continue
        if len(run) >= _SHORTEST:
            found.append(frozenset({run}))
        run = ""
        found += _clauses_of(code, argument)
    return found


def _clauses_of(code: Any, argument: Any) -> list[Clause]:
    if code is op.SUBPATTERN:
        return _clauses(argument[-1])
    if code is op.ATOMIC_GROUP:
        return _clauses(argument)
    if code in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        least, _most, repeated = argument
        return _clauses(repeated) if least else []
    if code is op.ASSERT:  # it takes nothing up, but what it looks at is in the text
        return _clauses(argument[1])
    if code is op.BRANCH:
        return _of_either([_clauses(branch) for branch in argument[1]])
    return []


def _of_either(branches: Sequence[list[Clause]]) -> list[Clause]:
    """What holds whichever of the branches matches: one clause of each of them together."""
    ordered = [sorted(branch, key=lambda clause: (len(clause), -_shortest(clause))) for branch in branches]
    return [
        frozenset().union(*(branch[min(place, len(branch) - 1)] for branch in ordered))
        for place in range(max(map(len, ordered)))
        if all(ordered)
    ]


def _shortest(clause: Clause) -> int:
    return min(map(len, clause))
