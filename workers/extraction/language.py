"""Which language an article is in (lingua, a few languages, loaded on first use)."""

from __future__ import annotations

import re
from functools import cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

_LANGUAGES = (
    Language.ENGLISH,
    Language.GERMAN,
    Language.FRENCH,
    Language.SPANISH,
    Language.RUSSIAN,
    Language.ITALIAN,
    Language.PORTUGUESE,
    Language.CHINESE,
    Language.JAPANESE,
    Language.UKRAINIAN,
    Language.POLISH,
)
_SAMPLE = 2000  # characters; more change nothing
_SHORTEST = 20  # letters below which the answer would be a guess
_MARGIN = 0.1  # by which the first language must lead


_FEW_WORDS = 60  # in so few words names outweigh the letters of the rest
_SMALL = 9  # one word in so many is one of the small words that no other language of the list has
_ENGLISH = re.compile(
    r"(?i)\b(?:the|of|that|and|its|said|from|with|would|have|been|this|which|for|are|were|their|they|who)\b"
)
_PLAIN = 4  # one word in so many, of more such words, where there are many: of a text half in another language fewer
_PLAIN_ENGLISH = re.compile(
    r"(?i)\b(?:the|of|that|and|its|said|from|with|would|have|been|this|which|for|are|were|their|they|who"
    r"|to|at|by|not|but|had|has|will|be|or|than|after|before)\b"
)


@cache
def _detector() -> LanguageDetector:
    return (
        LanguageDetectorBuilder.from_languages(*_LANGUAGES)
        .with_low_accuracy_mode()
        .with_minimum_relative_distance(_MARGIN)
        .build()
    )


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the text's language; None where it is too short or unclear."""
    sample = text[:_SAMPLE]
    if not _enough(sample):
        return None
    words = text.split()
    if 3 < len(words) < _FEW_WORDS and len(_ENGLISH.findall(text)) >= max(2, -(-len(words) // _SMALL)):
        return "en"
    if len(words) >= _FEW_WORDS and len(_PLAIN_ENGLISH.findall(sample)) * _PLAIN >= len(sample.split()):
        return "en"  # as most articles are; the detector would say so too, at ten times the cost
    language = _detector().detect_language_of(sample)
    return language.iso_code_639_1.name.lower() if language else None


def _enough(sample: str) -> bool:
    """Whether there are letters enough to tell. Characters that are a word or syllable each count for more."""
    letters = 0
    for character in sample:
        letters += character.isalpha() + 3 * ("\u3040" <= character <= "\u9fff")
        if letters >= _SHORTEST:
            return True
    return False
