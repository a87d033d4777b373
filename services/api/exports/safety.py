"""Words of articles in formats that give some characters a meaning: nothing in them may act.

What is written is the same words wherever the format can hold them.
"""

from __future__ import annotations

import re
from html import escape

# What XML 1.0 cannot hold, and the control characters that it holds but advises against (2.2).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")
# What makes a spreadsheet calculate (OWASP, CSV injection), also behind blanks and characters that nobody sees,
# which some programs take away first. The wide forms are what East Asian keyboards type.
_UNSEEN = "\\s\x00-\x20\x7f-\xa0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_BEGINS = "[=+\\-@＝＋－＠]"
_FORMULA = re.compile(f"[{_UNSEEN}]*{_BEGINS}")
# Where semicolons part cells (a comma is the decimal sign in half of Europe), quotes in the middle of a line guard
# nothing: a cell may begin behind any of these. The run is taken whole, so that it is looked at once.
_INNER = re.compile(f'([;\t\n][;"{_UNSEEN}]*)({_BEGINS})?')

REPLACEMENT = "\ufffd"


def plain(text: str) -> str:
    """Text that XML and UTF-8 can hold; what they cannot is U+FFFD."""
    return _NOT_XML.sub(REPLACEMENT, text)


def one_line(text: str) -> str:
    """The same on one line, for titles."""
    return _BLANKS.sub(" ", plain(text)).strip()


def html(text: str) -> str:
    """Text as HTML that shows it."""
    return escape(plain(text))


def cell(text: str) -> str:
    """A table's cell that no spreadsheet takes for a formula: such text gets an apostrophe before it, also where
    a program that parts cells by semicolons would begin another."""
    shown = _CONTROL.sub(REPLACEMENT, text).replace("\r\n", "\n").replace("\r", "\n")
    shown = _INNER.sub(lambda found: f"{found[1]}'{found[2]}" if found[2] else found[1], shown)
    return f"'{shown}" if _FORMULA.match(shown) or shown[:1] in {"\t", "\n"} else shown


def cell_of_line(text: str) -> str:
    """A cell without line breaks and tabs, for tables that are read line by line."""
    return cell(_BLANKS.sub(" ", text).strip())
