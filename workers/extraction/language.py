"""Which language an article is in (lingua, a few languages, loaded on first use)."""

from __future__ import annotations

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
    letters = sum(character.isalpha() for character in sample)
    wide = sum("\u3040" <= character <= "\u9fff" for character in sample)  # a character is a word or syllable
    if letters + 3 * wide < _SHORTEST:
        return None
    language = _detector().detect_language_of(sample)
    return language.iso_code_639_1.name.lower() if language else None
