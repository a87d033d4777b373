"""What clients ask for, in the imperative. Made by the adapters of the ingest service, checked already."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitArticle:
    """Take this article in. `article.submission()` makes one and checks it."""

    text: str = ""  # as posted; for HTML, as taken out of it
    title: str | None = None
    url: str | None = None  # canonical
    uri: str | None = None  # where there is no URL: the sender's own name for the article, such as a urn
    outlet: str | None = None
    published_at: str | None = None  # ISO 8601 date, or RFC 3339 time with its offset
    language: str | None = None  # BCP 47
    author: str | None = None
    tags: tuple[str, ...] = ()
    received_as: str = "json"
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawArticle:
    """Take this article down, for a reason that may be read by all."""

    article_id: str
    reason: str
    key_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldArticle:
    """Take this article in when its embargo has ended, and let nobody know of its words before."""

    article: SubmitArticle
    until: dt.datetime  # with its offset
