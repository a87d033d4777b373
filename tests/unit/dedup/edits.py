"""What desks do to a text before they print it as theirs."""

from __future__ import annotations

import random
from collections.abc import Sequence

FURNITURE = (
    (
        "Follow us on Telegram and Facebook for the latest news from the region. Subscribe to our newsletter and "
        "never miss a story that matters to you."
    ),
    (
        "Read more: five things to watch this week. Share this article with your friends or sign up for alerts."
    ),
    (
        "All rights reserved. This material may not be published, broadcast, rewritten or redistributed without "
        "permission. Contact our newsroom at the address below. Terms of use apply."
    ),
)


def edited(
    text: str,
    rng: random.Random,
    *,
    keep: float = 1.0,
    change: float = 0.0,
    vocabulary: Sequence[str] = ("another",),
    furniture: bool = False,
    headline: bool = False,
    reorder: bool = False,
    restyle: bool = False,
    append: str | None = None,
) -> str:
    """The first `keep` of the text's words with the share `change` of them replaced, and the rest as asked."""
    left = int(len(text.split()) * keep)
    paragraphs: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.split()[: max(0, left)]
        left -= len(words)
        if words:
            paragraphs.append(
                " ".join(rng.choice(vocabulary) if rng.random() < change else word for word in words)
            )
    if reorder:
        rng.shuffle(paragraphs)
    if headline:
        paragraphs.insert(0, "BRUSSELS, Nov 3 -- What you need to know about it today")
    if furniture:
        paragraphs = [rng.choice(FURNITURE), *paragraphs, rng.choice(FURNITURE)]
    if append is not None:
        paragraphs.append(append)
    made = "\n\n".join(paragraphs)
    if restyle:
        for old, new in (("“", '"'), ("”", '"'), ("’", "'"), ("—", " - "), ("–", "-"), ("\n\n", "\n")):
            made = made.replace(old, new)
    return made
