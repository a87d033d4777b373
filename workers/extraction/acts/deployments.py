"""Missiles of the kind in question put somewhere, or brought there, on a day, in a month or year that the text gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.extraction.acts.arms import WEAPONS, owner
from workers.extraction.reality import none_of, told_as_done
from workers.extraction.rulework import after, dated_act
from workers.extraction.syntax import heads

if TYPE_CHECKING:
    from workers.extraction.findings import Finding
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Line

#: What is done to weapons, and what weapons do themselves.
_PUT = frozenset(
    {
        "deploy", "station", "base", "move", "ship", "send", "bring", "deliver", "fly", "take", "field", "install",
        "transfer", "place", "set", "redeploy", "relocate", "airlift", "transport", "put", "emplace", "keep",
    }
)  # fmt: skip
_COME = frozenset({"arrive", "land", "stand", "come"})
_NOUNS = frozenset(
    {
        "deployment",
        "stationing",
        "arrival",
        "delivery",
        "shipment",
        "presence",
        "emplacement",
        "transfer",
        "basing",
        "appearance",
    }
)
#: Of these the text has to say whither: a missile that is only moved may go anywhere.
_WHITHER = frozenset(
    {
        "move", "ship", "send", "bring", "fly", "take", "transfer", "set", "relocate", "airlift", "transport", "put",
        "place", "land", "stand", "come",
    }
)  # fmt: skip
_WAYS = frozenset({"prep", "dative", "advmod", "npadvmod", "prt", "dobj", "advcl", "xcomp"})
_TO = frozenset(
    {
        "to", "in", "into", "at", "near", "on", "onto", "along", "around", "across", "inside", "within", "toward",
        "towards", "outside", "aboard",
    }
)  # fmt: skip
_HITHER = frozenset(
    {
        "there", "here", "where", "abroad", "overseas", "ashore", "forward", "closer", "nearer", "nearby", "elsewhere",
        "in", "up", "over", "south", "north", "east", "west", "southward", "northward", "eastward", "westward",
        "southwards", "northwards", "eastwards", "westwards",
    }
)  # fmt: skip
_MAY_LEAVE = _NOUNS | {"keep", "redeploy", "deliver", "arrive"}
_AWAY = frozenset({"out", "off", "home", "away", "back", "aside", "down"})
#: Where weapons are shown, kept away or taken apart.
_NO_POST = frozenset(
    {
        "display", "show", "parade", "museum", "exhibition", "exhibit", "fair", "sale", "auction", "hold", "ice", "trial",
        "test", "agenda", "table", "storage", "store", "warehouse", "depot", "scrap", "scrapyard", "scrapheap", "home",
        "destruction", "elimination", "dismantling", "disposal", "reserve",
    }
)  # fmt: skip
#: Where a missile lands at the end of its flight.
_FALLEN = frozenset(
    {
        "sea", "ocean", "water", "gulf", "bay", "lake", "pacific", "atlantic", "range", "target", "desert", "steppe",
        "tundra", "zone", "field", "forest",
    }
)  # fmt: skip
_HARDWARE = frozenset({"launcher", "battery", "missile", "rocket", "system", "battalion"})
_PLANNED = frozenset({"will", "would", "'ll", "shall", "'d"})
_MAYBE = frozenset({"may", "might", "could", "can", "should", "must"})
#: Wanted, feared, promised or denied is not done.
_NOT_DONE = frozenset({"accuse", "deny", "urge", "warn", "propose", "oppose"})
_WANTING = frozenset(
    {
        "want",
        "offer",
        "refuse",
        "threaten",
        "consider",
        "hope",
        "ask",
        "urge",
        "allow",
        "able",
        "ready",
        "plan",
        "right",
    }
)


def find(scene: Scene, line: Line) -> Iterator[Finding]:
    """The findings of one line: one for each actor and date."""
    if not any(sign.code.startswith(WEAPONS) for sign in line.signs):
        return
    done: set[tuple[tuple[str, ...], str]] = set()
    for sign in line.signs:
        token = line.doc[sign.first]
        weapon = _moved(line, token)
        if weapon is None or none_of(weapon) or not told_as_done(token) or _only_wanted(scene, token):
            continue
        if not _to_a_post(scene, line, token, weapon):
            continue
        date = _date(scene, token)
        actors = _whose(scene, line, token, weapon)
        if not date or not actors or (actors, date) in done or not _fits(scene, token, date):
            continue
        if "#9m729" in line.code and _alleged(scene, token, actors):
            continue
        done.add((actors, date))
        yield dated_act(scene, line, token, "deployment", date, actors, rule="deployed", sure=0.7)


def _moved(line: Line, token: Any) -> Any:
    """The weapons that a verb or noun puts somewhere, if it does: their head word."""
    lemma = token.lemma_.lower()
    if token.pos_ == "VERB" and lemma in _PUT:
        roles = {"dobj", "nsubjpass"}
    elif token.pos_ == "VERB" and lemma in _COME:
        roles = {"nsubj"}
    elif token.pos_ == "NOUN" and lemma in _NOUNS:
        inner = (g for c in token.children if c.dep_ == "prep" and c.lower_ == "of" for g in c.children)
        return next((noun for noun in inner if _is_weapon(line, noun)), None)
    else:
        return None
    for child in token.children:
        if child.dep_ in roles and _is_weapon(line, child):
            return child
    if token.dep_ in {"acl", "relcl"} and token.tag_ in {"VBN", "VBD"} and _is_weapon(line, token.head):
        return token.head  # "a launcher taken to Luzon in April", "missiles that were sent there"
    return None


def _is_weapon(line: Line, noun: Any) -> bool:
    """Whether a phrase names weapons of the kind: by its head, or by what its hardware is called by."""
    number = line.sign_of(noun.i)
    if number is not None and line.signs[number].code.startswith(WEAPONS):
        return True
    if noun.lemma_.lower() not in _HARDWARE | {"part", "component"}:
        return False
    for child in noun.subtree:
        if child.dep_ in {"relcl", "acl"}:
            break
        number = line.sign_of(child.i)
        if number is not None and line.signs[number].code.startswith(WEAPONS):
            return True
    return False


def _to_a_post(scene: Scene, line: Line, token: Any, weapon: Any) -> bool:
    """Whether weapons are brought to where they are to stand, and not away, home, to a museum, into the sea."""
    lemma = token.lemma_.lower()
    if lemma == "land" and any(w in line.code for w in (" test", " fire ", " flight ")):
        return False
    days = [timex for timex, _ in scene.dating.in_sentence(token)]
    nowhere = _NO_POST | _FALLEN if lemma == "land" else _NO_POST
    posted = lemma not in _WHITHER
    for way in _ways(token, weapon):
        places = [c for c in way.children if c.dep_ in {"pobj", "pcomp"}]
        if way.lower_ in _AWAY and lemma in _WHITHER | _MAY_LEAVE:
            ago = way.lower_ == "back" and any(0 < day.start - way.idx <= len("back in ") for day in days)
            if lemma in _WHITHER or not ago:  # "arrived back in 1983"
                return False
        if any(_words(place) & nowhere for place in places):
            return False
        if way.dep_ in {"advcl", "xcomp"}:  # "to Denmark", taken for an infinitive
            posted = posted or way.text[0].isupper()
        elif places:
            posted = posted or (way.lower_ in _TO and any(not _is_day(place, days) for place in places))
        else:
            posted = posted or way.lower_ in _HITHER
    return posted


def _ways(token: Any, weapon: Any) -> Iterator[Any]:
    """What says whither: behind the verb or, by the parse, behind the weapons; "where" before it."""
    for child in token.children:
        if child.dep_ in _WAYS and (child.i > token.i or child.lower_ in {"where", "there", "to", "in"}):
            yield child
    if weapon.i > token.i:
        yield from (c for c in weapon.children if c.i > weapon.i and c.dep_ in {"prep", "advmod", "prt"})


def _words(place: Any) -> set[str]:
    return {place.lemma_.lower(), *(c.lemma_.lower() for c in place.children if c.dep_ == "compound")}


def _is_day(place: Any, days: list[Any]) -> bool:
    return any(day.start <= t.idx < day.end for t in (place, *place.children) for day in days)


def _only_wanted(scene: Scene, token: Any) -> bool:
    for frame in scene.chain(token.idx):
        if frame.cls in _NOT_DONE or (frame.cls == "claim" and scene.holders(frame)) or frame.negated:
            return True
    return any(
        node.lemma_.lower() in _WANTING or {c.lower_ for c in node.children if c.dep_ == "aux"} & _MAYBE
        for node in heads(token, 3, {"xcomp", "ccomp", "acl", "pcomp", "prep", "dobj", "pobj", "conj"})
    )


def _alleged(scene: Scene, token: Any, actors: tuple[str, ...]) -> bool:
    """Whether only an adversary of theirs says so: of the missile in dispute that is the charge itself."""
    tellers = {a for f in scene.chain(token.idx) for a in scene.holders(f)}
    return not tellers & set(actors) and any(
        scene.dossier.are_adversaries(teller, actor) for teller in tellers for actor in actors
    )


def _date(scene: Scene, token: Any) -> str | None:
    spans = [s for f in scene.chain(token.idx) for s in f.spans if f.cue is not None]
    if token.pos_ == "NOUN":
        return scene.dating.explicit(token, spans, climb=False) or (
            scene.dating.explicit(token, spans) if token.dep_ in {"nsubj", "nsubjpass"} else None
        )
    return scene.dating.explicit(token, spans) if spans else scene.act_date(token)


def _fits(scene: Scene, token: Any, date: str) -> bool:
    """Whether the tense agrees: what will be done lies ahead, what was done does not."""
    ahead = after(date, scene.article_date)
    to_come = any(c.dep_ == "aux" and c.lower_ in _PLANNED | {"to"} for c in token.children)
    if token.pos_ == "NOUN":
        return True
    return ahead or not to_come or len(date) == len("2025")


def _whose(scene: Scene, line: Line, token: Any, weapon: Any) -> tuple[str, ...]:
    """Who puts them there: the doer, else whose weapons they are."""
    theirs = owner(scene, line, weapon)
    doers = tuple(a for a in scene.agents(token) if a in scene.dossier.actors) if token.pos_ == "VERB" else ()
    if token.lemma_.lower() in _COME or not doers:
        return theirs
    return doers if not theirs or set(theirs) & set(doers) else tuple(dict.fromkeys((*doers, *theirs)))
