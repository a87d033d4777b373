"""What a form is read into: an article as it came, or word that one is taken back. Not yet checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """An article as it came, whatever its form. Exactly one of `text` and `html` is given."""

    text: str | None = None
    html: str | None = None
    title: str | None = None
    url: str | None = None
    uri: str | None = None  # the sender's own name for it, such as a urn: it counts where there is no URL
    outlet: str | None = None
    published_at: str | None = None
    language: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    embargoed_until: str | None = None
    received_as: str
    names: Mapping[str, str] = field(default_factory=dict)  # what the sender calls our fields, for errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """Word that an article is taken back, which names it as its posting did."""

    url: str | None = None
    uri: str | None = None
    reason: str
    names: Mapping[str, str] = field(default_factory=dict)
