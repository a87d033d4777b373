"""A text as the words that desks leave alone, and which of them stand inside quotation marks.

Unicode form, letter case, accents, kinds of quotation mark, apostrophe and dash, and white space all change
from one site to the next; none of them survives here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_ACCENTS = re.compile("[\u0300-\u036f]+")
# Each pattern starts with its character class, which the engine scans for at once.
_APOSTROPHE = re.compile(r"['’ʼ‘`´](?<=\w.)(?=\w)")
# A mark opens or closes by what stands beside it, not by its glyph: „…“, “…”, «…» and "…" all occur, and
# a desk that restyles them gets the pairs wrong now and then.
_OPENING = re.compile(r"[\"“”„‟‘'«](?:(?<=«)|(?<![\w.,!?…].)(?=[\w$€£(\[…]))")
_CLOSING = re.compile(r"[\"“”‟’'»](?:(?<=»)|(?<=[\w.,!?…)\]%].)(?!\w))")
_OPEN, _CLOSE = "\x02", "\x03"
_PIECES = re.compile(f"([{_OPEN}{_CLOSE}])")
# Scripts without spaces count each character as a word.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(r"[^\W_]+")
_WORD_OR_CHARACTER = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")


class Words(NamedTuple):
    """Normalised words in reading order and, for each, whether it is quoted."""

    words: list[str]
    quoted: list[bool]


def words_of(text: str) -> Words:
    """The text's words. A quotation left open ends with its paragraph (news style opens each one anew)."""
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    text = text.replace(_OPEN, " ").replace(_CLOSE, " ").casefold()
    text = _APOSTROPHE.sub("", text)
    text = _CLOSING.sub(_CLOSE, _OPENING.sub(_OPEN, text))
    word = _WORD_OR_CHARACTER if _HAS_UNSPACED.search(text) else _WORD
    words: list[str] = []
    quoted: list[bool] = []
    for paragraph in text.split("\n"):
        inside = False
        for piece in _PIECES.split(paragraph):
            if piece == _OPEN:
                inside = True
            elif piece == _CLOSE:
                inside = False
            else:
                found = word.findall(piece)
                words += found
                quoted += [inside] * len(found)
    return Words(words, quoted)
