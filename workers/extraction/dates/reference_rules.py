"""The open present, past and future: PRESENT_REF, PAST_REF and FUTURE_REF."""

from __future__ import annotations

import re

from services.core.domain.reading import Timex
from workers.extraction.dates.anchoring import Anchoring
from workers.extraction.dates.rules import rule, timex


@rule(
    r"(?:(?i:right|just|until|by)\s+)?(?P<now>(?i:now|currently|presently|nowadays))(?![\w'’-])"
    r"|(?i:at\s+present|at\s+(?:the|this)\s+(?:present\s+)?(?:moment|time|point|juncture)|these\s+days|for\s+the\s+moment|the\s+present(?:\s+(?:day|time|moment))?(?=\s*(?:$|[.,;:!?)])))(?![\w-])",
    [
        "right",
        "just",
        "until",
        "by",
        "now",
        "currently",
        "presently",
        "nowadays",
        "at",
        "these",
        "for",
        "the",
    ],
)
def present(found: re.Match[str], at: Anchoring) -> Timex | None:
    """The time of speaking: PRESENT_REF."""
    if found["now"]:
        if (
            re.match(r"\s+(?:known|a\s+days)\b", at.text[found.end() : found.end() + 8])
            and found["now"].lower() != "currently"
        ):
            return timex(found, "PRESENT_REF", group="now")
        return timex(found, "PRESENT_REF", group="now")
    if re.match(r"(?i)at\s+the\s+(?:time|point)", found[0]):
        return None  # the time that was spoken of
    return timex(found, "PRESENT_REF")


_FREE = (
    r"(?=\s*(?:$|[.,;:!?)\]”\"'’—–-]|(?:of|is|was|were|will|and|or|but|for|in|on|as|to|when|that|with|by|at|if|because|than|has|had|have|would|"
    r"could|may|might|can|must|should|after|while|where|from|he|she|they|we|it|I|you|there|nobody|all|its|his|her|their|the|a|an|this|these|"
    r"some|any|no|not|both|only|also|do|does|did|seems?|looks?|holds?|remains?|lies|depends|without|under|into|so|since|until|before|about|over)\b))"
)


@rule(
    rf"(?i:recently|lately|long\s+ago)(?![\w-])|(?i:in\s+(?:the\s+)?)?(?P<r>(?:(?i:the)\s+)?(?i:(?:more\s+)?recent|bygone|earlier)\s+(?i:years|months|weeks|days|decades|times|past|history))(?![\w-])"
    rf"|(?P<p>(?i:the)\s+(?:(?i:recent|distant|not-too-distant)\s+)?(?i:past)){_FREE}",
    ["recently", "lately", "long", "in", "the", "recent", "more", "bygone", "earlier"],
)
def past(found: re.Match[str], at: Anchoring) -> Timex | None:
    """An open past: PAST_REF."""
    if found["p"]:
        return timex(found, "PAST_REF", group="p")
    if found["r"]:
        if re.search(r"(?i)history$", found["r"]):
            return None
        return timex(found, "PAST_REF", group="r")
    if re.search(r"\b(?i:how|too|very|as)\s$", at.text[max(0, found.start() - 6) : found.start()]):
        return None
    return timex(found, "PAST_REF")


@rule(
    rf"(?P<f>(?i:the)\s+(?:(?i:near|foreseeable|immediate|distant|not-too-distant|not\s+too\s+distant|very\s+near|nearest)\s+)?(?i:future)){_FREE}|(?i:in\s+)(?P<g>(?i:(?:near\s+)?future)){_FREE}"
    r"|(?P<soon>(?i:soon))(?!\s+(?:after|as|to\s+be|enough|became|thereafter|found|followed|realized|learned|began)\b|er|est|\w)",
    ["the", "in", "soon"],
)
def future(found: re.Match[str], at: Anchoring) -> Timex | None:
    """An open future: FUTURE_REF."""
    if found["soon"]:
        if re.search(
            r"\b(?i:as|too|how|so|very|or|no)\s$", at.text[max(0, found.start() - 6) : found.start()]
        ):
            return None
        return timex(found, "FUTURE_REF")
    return timex(found, "FUTURE_REF", group="f" if found["f"] else "g")
