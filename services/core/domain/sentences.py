"""The sentence that a piece of evidence stands in, for people to read; evidence itself is as short as can be."""

from __future__ import annotations

import re

MOST = 600  # characters: what has no sentence ends in sight is cut at a word

# An end: stop, closing quotes or brackets, white space, then what begins a sentence. Blank lines end one too.
# All begin with one of few characters, which is what `re` looks for first, several times as fast.
_END = re.compile(
    r"""[.!?…\n](?:(?<!\n)["'”’»)\]]*(?=\s+["'“‘«(\[]*[A-Z0-9А-ЯÀ-Þ])|(?<=\n)(?:\s*\n|(?=\s*[-•*–])))"""
)
# No ends: initials, titles, months and other words that are written short.
_SHORT = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Maj|Adm|Sen|Rep|Gov|St|No|vs|cf|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec"
    r"|U\.S|U\.K|U\.N|a\.m|p\.m|i\.e|e\.g))$"
)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence, or sentences, that `text[start:end]` stands in, without white space around it."""
    floor, ceiling = max(0, start - MOST), min(len(text), end + MOST)
    first, last = floor, ceiling
    for match in _END.finditer(text, floor, ceiling):
        if match[0][0] == "." and _SHORT.search(text, max(floor, match.start() - 8), match.start()):
            continue
        if match.end() <= start:
            first = match.end()
        elif match.end() >= end:
            last = match.end()
            break
    if first == floor > 0:
        first = _next_word(text, floor, start)
    if last == ceiling < len(text):
        last = text.rfind(" ", end, ceiling) if " " in text[end:ceiling] else ceiling
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def _next_word(text: str, floor: int, start: int) -> int:
    blank = text.find(" ", floor, start)
    return blank + 1 if blank >= 0 else floor
