"""The condition that a clause is tied to: "as long as ...", "only if ...", "unless and until ..."."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.core.domain.reading import Span

if TYPE_CHECKING:
    from workers.extraction.scene import Scene
    from workers.extraction.signs import Hit, Line

_MARKERS = (
    "(as|so) long as",
    "unless and? until?",
    "until",
    "only? (if|when|after)",
    "(provide|provided|providing) that?",
    "(provide|provided|providing) (@|both|other|all)",
    "on condition",
    "in (case|event)",
    "should (@|it|they)",
    "(in exchange|in return) for",
    "if",
)
_NOT_IF = ("even", "as", "ask", "see", "know", "wonder", "what", "determine", "decide")
_NOT_UNTIL = ("now", "then", "last", "recently", "recent", "end", "very", "today", "moment", "just")


def condition_of(scene: Scene, line: Line, token: Any, *, strict: bool = False) -> Span | None:
    """The words of the condition on a word's clause, from its marker to its end; None without one.

    The marker must stand in the same sentence and in the same speaker's mouth. `strict`: plain "if" and
    "when" do not count.
    """
    for number, source in enumerate(_MARKERS):
        if strict and number in {3, 10}:
            continue
        for hit in scene.find(line, source):
            span = _read(scene, line, hit, token)
            if span is not None:
                return span
    return None


def _read(scene: Scene, line: Line, hit: Hit, token: Any) -> Span | None:
    sign = line.signs[hit.first]
    marker = line.doc[line.signs[hit.last - 1].first]
    first = line.doc[sign.first]
    before = line.signs[hit.first - 1].code if hit.first else ""
    after = line.signs[hit.last] if hit.last < len(line.signs) else None
    word = first.lower_
    if word == "if" and before in _NOT_IF:
        return None
    if word in {"when", "after"}:
        return None
    if word == "until" and (after is None or after.code in _NOT_UNTIL or line.doc[after.first].like_num):
        return None
    if word == "until" and after is not None and line.doc[after.first].ent_type_ == "DATE":
        return None
    if not _same_mouth(scene, first.idx, token.idx):
        return None
    clause = marker.head if marker.dep_ in {"mark", "advmod", "prep", "cc"} else marker
    inside = [t for t in clause.subtree if t.i >= first.i] if clause.i > first.i else []
    end = _end(line, first, inside)
    if first.i <= token.i < end:
        return None  # the word itself belongs to the condition
    tokens = line.doc[first.i : end]
    span = Span(tokens[0].idx, tokens[-1].idx + len(tokens[-1]))
    return span if span.end - span.start > len(word) + 3 else None


def _end(line: Line, first: Any, inside: list[Any]) -> int:
    """One past the condition's last token: its clause, else up to the comma or the sentence's end."""
    last_in_line = line.signs[-1].last
    if inside:
        end = max(t.i for t in inside) + 1
    else:
        end = last_in_line
        for token in line.doc[first.i : last_in_line]:
            if token.text in {",", ";"} and token.i > first.i + 3:
                end = token.i
                break
    end = min(end, last_in_line)
    for token in line.doc[first.i : end]:
        if token.text in {"”", '"', "''"} and token.i > first.i + 2:
            end = token.i
            break
    while end > first.i + 1 and line.doc[end - 1].is_punct:
        end -= 1
    return int(end)


def _same_mouth(scene: Scene, one: int, other: int) -> bool:
    """Whether no frame covers the one place without the other, save by the same holder."""

    def holders(offset: int) -> tuple[str, ...]:
        for frame in scene.chain(offset):
            named = scene.holders(frame)
            if named and frame.cls != "deny":
                return named
        return ()

    a, b = holders(one), holders(other)
    return not a or not b or bool(set(a) & set(b))
