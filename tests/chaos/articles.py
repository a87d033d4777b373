"""Generated articles, by a seed: what they are copies of does not depend on the order in which they arrive.

Each story is told in sentences of its own, so that no two stories are like each other, and every copy of one is
like every other: similarity is transitive. Times of publication differ, so that a story has one earliest article.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

OFF_TOPIC, WITHDRAWN, REVISED, COPIED = 0.2, 0.05, 0.05, 0.2  # shares of the stories
MOST_COPIES = 5
EXACT = 0.6  # of the copies
NEARBY = 40  # stories whose articles are posted in between each other
OUTLETS = 150
FIRST_DAY = dt.date(2018, 10, 20)
DAYS = 620
SENTENCES = 10  # of a story's own, beside what it reports

_ACTORS = (
    ("NATO", "Jens Stoltenberg", "Brussels"),
    ("NATO", "spokeswoman Oana Lungescu", "Brussels"),
    ("Russia", "Sergei Lavrov", "Moscow"),
    ("Russia", "Dmitry Peskov", "Moscow"),
    ("the United States", "Mike Pompeo", "Washington"),
    ("France", "Emmanuel Macron", "Paris"),
    ("Germany", "Angela Merkel", "Berlin"),
    ("China", "spokesman Geng Shuang", "Beijing"),
)
# Eight words in sequence would be running prose taken over. No two of these have so many in common, and none leaves
# so many as they stand, also where two articles use the same one.
_REPORTS = (
    "{who} called the {adj} {noun} a violation of the INF Treaty.",
    "{actor} rejects the {adj} moratorium, {who} told {adj} reporters.",
    "{actor} would join a {adj} moratorium, {who} said, if {noun}s were inspected first.",
    "The {adj} INF Treaty must be preserved for the {adj} {noun}, {who} said.",
    "Russia must destroy the {adj} 9M729, {who} demanded beside a {adj} {noun}.",
    "{who} blamed Washington for the {adj} end of the INF Treaty.",
    "{who} blamed Moscow for the {adj} collapse of the INF Treaty.",
    "{actor} will deploy no {adj} missiles in the {adj} {noun}, {who} promised.",
    "{who} proposed {adj} mutual inspections of every {adj} {noun}.",
    "{who} met a {adj} delegation in Geneva on {weekday} for {adj} talks.",
)
_OWN = (
    "The {adj} {noun} {verb} a {adj} {noun} behind the {noun}.",
    "Nobody in the {noun} {verb} what the {adj} {noun} had {verb} before.",
    "A {noun} of the {adj} {noun} {verb} every {noun} on {weekday}.",
    "Near the {noun} a {adj} {noun} {verb} the {noun} and its {noun}.",
    "Later the {noun} {verb} {number} {noun}s, {adj} and {adj}.",
    "With its {adj} {noun} the {noun} {verb} another {noun}.",
)
_ADJECTIVES = [
    "old",
    "new",
    "quiet",
    "bitter",
    "narrow",
    "empty",
    "broken",
    "distant",
    "heavy",
    "northern",
    "southern",
    "eastern",
    "western",
    "silver",
    "wooden",
    "early",
    "late",
    "joint",
    "secret",
    "open",
    "sudden",
    "famous",
    "forgotten",
    "modest",
    "proud",
    "cold",
    "warm",
    "public",
    "private",
    "costly",
    "cheap",
    "former",
    "rural",
    "urban",
    "hidden",
    "frozen",
    "golden",
    "careful",
    "hasty",
    "ancient",
    "modern",
    "gentle",
    "severe",
    "plain",
    "strange",
    "common",
    "royal",
    "civic",
    "humble",
    "crowded",
    "lonely",
    "faded",
    "bright",
    "dark",
    "muddy",
    "stony",
    "grassy",
    "coastal",
    "inland",
    "foreign",
    "local",
]
_NOUNS = [
    "bridge",
    "river",
    "market",
    "harbour",
    "council",
    "garden",
    "library",
    "theatre",
    "orchard",
    "railway",
    "station",
    "museum",
    "factory",
    "village",
    "valley",
    "mountain",
    "forest",
    "tower",
    "castle",
    "school",
    "hospital",
    "bakery",
    "tunnel",
    "canal",
    "stadium",
    "airport",
    "island",
    "meadow",
    "chapel",
    "mill",
    "lantern",
    "window",
    "curtain",
    "ladder",
    "wagon",
    "anchor",
    "compass",
    "violin",
    "painting",
    "blanket",
    "kettle",
    "basket",
    "bottle",
    "mirror",
    "candle",
    "engine",
    "pipeline",
    "reactor",
    "laboratory",
    "archive",
    "corridor",
    "staircase",
    "balcony",
    "courtyard",
    "fountain",
    "pavement",
    "lighthouse",
]
_VERBS = [
    "crossed",
    "followed",
    "repaired",
    "closed",
    "opened",
    "visited",
    "measured",
    "painted",
    "carried",
    "guarded",
    "counted",
    "questioned",
    "admired",
    "ignored",
    "replaced",
    "surrounded",
    "described",
    "promised",
    "refused",
    "welcomed",
    "watched",
    "delayed",
    "finished",
    "abandoned",
    "restored",
    "borrowed",
    "divided",
    "examined",
    "inherited",
    "launched",
    "moved",
    "named",
    "noticed",
    "ordered",
    "planted",
    "praised",
]


@dataclass(frozen=True, slots=True)
class Article:
    """What a client does about one article: posts its versions in turn, then perhaps withdraws it.

    `story` is shared by copies. A version of `None` words is never taken: the services refuse it.
    """

    number: int
    story: int
    versions: tuple[dict[str, Any], ...]
    withdrawn: bool = False
    refused: bool = False

    @property
    def url(self) -> str:
        """Its address, which names it."""
        return str(self.versions[0]["url"])


def articles(seed: int, wanted: int, *, refused: int = 0) -> list[Article]:
    """So many articles, in the order of posting, and `refused` broken ones among them."""
    rng = random.Random(seed)
    found: list[tuple[float, int, tuple[dict[str, Any], ...], bool]] = []
    for story in count():
        members = list(_story(rng, len(found)))[: wanted - len(found)]
        found += [(story + rng.uniform(0, NEARBY), story, versions, gone) for versions, gone in members]
        if len(found) == wanted:
            break
    made = [
        (place, Article(number, story, versions, gone))
        for number, (place, story, versions, gone) in enumerate(found)
    ]
    for number in range(wanted, wanted + refused):
        broken = _broken(rng, number)
        made.append((rng.uniform(0, story), Article(number, -number, (broken,), refused=True)))
    return [article for _, article in sorted(made, key=lambda item: item[0])]


def _story(rng: random.Random, number: int) -> Iterator[tuple[tuple[dict[str, Any], ...], bool]]:
    """The articles that tell one story: each as its versions, and whether it is withdrawn."""
    kind = rng.random()
    outlets = rng.sample(range(OUTLETS), MOST_COPIES + 1)
    day = FIRST_DAY + dt.timedelta(rng.randrange(DAYS))
    text = _text(rng, day, on_topic=kind >= OFF_TOPIC)
    first = _article(rng, number, outlets[0], day, text)
    if kind < OFF_TOPIC:
        yield (first,), False
        return
    kind = (kind - OFF_TOPIC) / (1 - OFF_TOPIC)
    if kind < WITHDRAWN:
        yield (first,), True
    elif kind < WITHDRAWN + REVISED:
        later = first["published_at"].replace("T0", "T2")
        yield (first, {**first, "text": _text(rng, day, on_topic=True), "published_at": later}), False
    elif kind < WITHDRAWN + REVISED + COPIED:
        yield (first,), False
        for copy in range(1, rng.randint(1, MOST_COPIES) + 1):
            words = text if rng.random() < EXACT else _cut(rng, text)
            yield (_article(rng, number + copy, outlets[copy], day, words),), False
    else:
        yield (first,), False


def _article(rng: random.Random, number: int, outlet: int, day: dt.date, text: str) -> dict[str, Any]:
    # Different for every article, so that "published first" is one article.
    second = number % 3600
    return {
        "url": f"https://outlet-{outlet}.example/{day:%Y/%m}/{number}",
        "outlet": f"Outlet {outlet}",
        "title": f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}".capitalize(),
        "published_at": f"{day}T0{number // 3600 % 10}:{second // 60:02}:{second % 60:02}+00:00",
        "language": "en",
        "text": text,
    }


def _text(rng: random.Random, day: dt.date, *, on_topic: bool) -> str:
    own = [_sentence(rng, rng.choice(_OWN), day) for _ in range(SENTENCES)]
    if not on_topic:
        return " ".join(own[:3]) + "\n\n" + " ".join(own[3:]) + "\n"
    actor, who, city = rng.choice(_ACTORS)
    reports = [
        _sentence(rng, form, day, actor=actor[:1].upper() + actor[1:], who=who)
        for form in rng.sample(_REPORTS, rng.randint(2, 3))
    ]
    reports = [report[:1].upper() + report[1:] for report in reports]
    told = [word for pair in zip(reports, own[1:], strict=False) for word in pair]
    head = f"{city.upper()}, {day:%B} {day.day}. {own[0]} {told[0]} {told[1]}"
    return f"{head}\n\n{' '.join(told[2:])}\n\n{' '.join(own[len(reports) + 1 :])}\n"


def _sentence(rng: random.Random, form: str, day: dt.date, **given: str) -> str:
    words = {"adj": _ADJECTIVES, "noun": _NOUNS, "verb": _VERBS}
    made = form
    for name, choices in words.items():
        while "{" + name + "}" in made:
            made = made.replace("{" + name + "}", rng.choice(choices), 1)
    return made.format(weekday=f"{day:%A}", number=rng.randint(3, 999), **given)


def _cut(rng: random.Random, text: str) -> str:
    """A near copy: some words at the end are gone, and as many others are there."""
    kept = text.rstrip().rpartition(". ")[0]
    return f"{kept}. The {rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)} {rng.choice(_VERBS)} it.\n"


def _broken(rng: random.Random, number: int) -> dict[str, Any]:
    """An article that breaks a rule: nothing of it may be stored."""
    good = _article(rng, number, 0, FIRST_DAY, _text(rng, FIRST_DAY, on_topic=True))
    return good | rng.choice(
        [{"text": ""}, {"published_at": "yesterday"}, {"colour": "red"}, {"html": "<p>"}]
    )
