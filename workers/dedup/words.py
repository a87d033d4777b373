"""A text as the words that desks leave alone, which of them are quoted, and where its lines begin.

Unicode form, letter case, accents, kinds of quotation mark, apostrophe and dash, and white space all change
from one site to the next; none of them survives here.

All of it is worked out over the array of the text's characters, which is several times as fast as cutting
words out one by one: this is most of what a fingerprint costs.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from workers.dedup.hashes import Flags, Hashes, Kinds, Places, running_sums, scatter, stretches_between

# What a character is: its kind, and bits beside it. A letter may be a digit.
_LETTER, _ACCENT, _EXPANDS, _UNSPACED = 16, 32, 64, 128
_KIND, _BITS = 15, 240
_KINDS = [
    "other",
    "letter",
    "_",
    ".,!?",
    "$€£([",
    ")]%",
    "line-end",
    "`",
    "'",
    "‘",
    "’",
    "ʼ",
    '"',
    "„",
    "«",
    "»",
]
_NAMES = {"other", "letter", "line-end"}  # the others name their characters
_FIRST_MARK = _KINDS.index("line-end")
_SAME_KIND = {"\n": "line-end", "“": '"', "”": '"', "‟": '"'}
_KIND_NUMBERS = {
    **{glyph: number for number, kind in enumerate(_KINDS) if kind not in _NAMES for glyph in kind},
    **{glyph: _KINDS.index(kind) for glyph, kind in _SAME_KIND.items()},
}
_APOSTROPHES, _OPENERS, _CLOSERS = "'’ʼ‘`", "\"„‘'«", "\"’'»"
_WORDLIKE = ("letter", "_", "ʼ")
_NOTHING, _DROPPED, _OPENS, _CLOSES, _LINE_END = range(5)


def _turn(before: str, here: str, after: str) -> int:
    """What a mark does, by the kinds of characters around it.

    It opens or closes by what stands beside it, not by its glyph: „…“, “…”, «…» and "…" all occur, and a desk
    that restyles them gets the pairs wrong now and then.
    """
    if here == "line-end":
        return _LINE_END
    if here in _APOSTROPHES and before in _WORDLIKE and after in _WORDLIKE:
        return _DROPPED
    begins = before not in (*_WORDLIKE, ".,!?") and after in (*_WORDLIKE, "$€£([")
    if here == "«" or (here in _OPENERS and begins):
        return _OPENS
    ends = before in (*_WORDLIKE, ".,!?", ")]%") and after not in _WORDLIKE
    if here == "»" or (here in _CLOSERS and ends):
        return _CLOSES
    return _NOTHING


_TURNS = np.array([_turn(*kinds) for kinds in product(_KINDS, repeat=3)], np.uint8)

# Scripts without spaces count each character as a word.
_UNSPACED_SCRIPTS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_BMP = 0x10000  # rarer characters are looked up one by one


def _kinds_and_folded(text: str) -> tuple[Kinds, Hashes]:
    """For each of the characters what it is, and the character that it is without its case."""
    kinds = np.zeros(len(text), np.uint8)
    folded = np.fromiter(map(ord, text), np.uint64, len(text))
    for run in re.finditer(r"[^\W_]+", text):
        kinds[slice(*run.span())] = _LETTER | _KINDS.index("letter")
    for bit, pattern in ((_UNSPACED, _UNSPACED_SCRIPTS), (_ACCENT, _ACCENTS)):
        for run in pattern.finditer(text):
            kinds[slice(*run.span())] |= bit
    for place, character in enumerate(text):
        if character in _KIND_NUMBERS:
            kinds[place] = kinds[place] & _BITS | _KIND_NUMBERS[character]
        lower = character.casefold()
        if len(lower) > 1:
            kinds[place] |= _EXPANDS
        elif lower != character:
            folded[place] = ord(lower)
    return kinds, folded


_KIND_OF, _FOLDED = _kinds_and_folded("".join(map(chr, range(_BMP))))
# For texts without other characters; what lies beyond is not asked.
_ASCII_KINDS, _ASCII_FOLDED = _KIND_OF[:256].tobytes(), _FOLDED[:256].astype(np.uint8).tobytes()


@dataclass(frozen=True, slots=True)
class Cut:
    """A text's words: a hash of each, whether it is quoted, and at which of them lines begin.

    `codes[starts[i]:ends[i]]` are the code points of word i.
    """

    hashes: Hashes
    quoted: Flags
    line_starts: Places
    codes: Hashes
    starts: Places
    ends: Places


class Words(NamedTuple):
    """Normalised words in reading order and, for each, whether it is quoted."""

    words: list[str]
    quoted: list[bool]


def words_of(text: str) -> Words:
    """The words themselves, for people and tests; the pipeline needs only what `cut` gives."""
    made = cut(text)
    codes = made.codes.astype("<u4")
    spans = zip(made.starts.tolist(), made.ends.tolist(), strict=True)
    words = [codes[start:end].tobytes().decode("utf-32-le", "surrogatepass") for start, end in spans]
    return Words(words, made.quoted.tolist())


def cut(text: str) -> Cut:
    """The text's words. A quotation left open ends with its paragraph (news style opens each one anew)."""
    codes, kinds = _characters_of(text)
    plain = kinds & _KIND
    marks = (plain[1:-1] >= _FIRST_MARK).nonzero()[0] + 1
    turns = _TURNS.take(plain[marks - 1] * np.intp(256) + plain[marks] * np.intp(16) + plain[marks + 1])
    dropped = turns == _DROPPED
    if dropped.any():
        left = np.ones(len(codes), np.bool_)
        left[marks[dropped]] = False
        codes, kinds = codes[left], kinds[left]
        marks -= dropped.cumsum()
    starts, ends = _spans(kinds)
    turning = turns > _DROPPED
    turns, first_words = turns[turning], starts.searchsorted(marks[turning])
    # Quoted is all from a mark that opens up to the next turn. Before the first one nothing is.
    quoted = np.zeros(len(starts), np.bool_)
    if len(turns):
        sizes = np.concatenate((first_words[1:], [len(starts)])) - first_words
        quoted[first_words[0] :] = (turns == _OPENS).repeat(sizes)
    lines = np.concatenate(([0], first_words[turns == _LINE_END], [len(starts)]))
    return Cut(
        hashes=scatter(stretches_between(running_sums(codes), starts, ends)),
        quoted=quoted,
        line_starts=lines[:-1][lines[1:] > lines[:-1]],
        codes=codes,
        starts=starts,
        ends=ends,
    )


def _characters_of(text: str) -> tuple[Hashes, Kinds]:
    """Code points without case and accents, between spaces, and what they are."""
    if text.isascii():
        raw = f" {text} ".encode("ascii")
        codes = np.frombuffer(raw.translate(_ASCII_FOLDED), np.uint8).astype(np.uint64)
        return codes, np.frombuffer(raw.translate(_ASCII_KINDS), np.uint8)
    # The acute accent, which typewriters left as an apostrophe, would become a space.
    text = unicodedata.normalize("NFKD", text.replace("´", "'"))
    codes, kinds = _looked_up(text)
    if (kinds & _EXPANDS).any():
        codes, kinds = _looked_up(text.casefold())
    accents = kinds & _ACCENT != 0
    return (codes[~accents], kinds[~accents]) if accents.any() else (codes, kinds)


def _looked_up(text: str) -> tuple[Hashes, Kinds]:
    places = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4").astype(np.intp)
    codes, kinds = _FOLDED.take(places, mode="clip"), _KIND_OF.take(places, mode="clip")
    rare = np.flatnonzero(places >= _BMP)
    if len(rare):
        kinds[rare], codes[rare] = _kinds_and_folded("".join(map(chr, places[rare])))
    return codes, kinds


def _spans(kinds: Kinds) -> tuple[Places, Places]:
    """Where words start and end."""
    letters = kinds & _LETTER != 0
    edges = (letters[1:] != letters[:-1]).nonzero()[0] + 1
    starts, ends = edges[::2], edges[1::2]
    unspaced = (letters & (kinds >= _UNSPACED)).nonzero()[0]
    if len(unspaced):
        around = np.concatenate((unspaced, unspaced + 1))
        starts, ends = np.union1d(starts, around), np.union1d(ends, around)
        starts, ends = starts[letters[starts]], ends[letters[ends - 1]]
    return starts, ends
