"""Coded articles: what a careful reader, or the extractor, wrote down of each, in one form to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

import yaml

from services.cli.files import ArticleFile, read_articles
from services.core.errors import TreatylineError


class UnusableGold(TreatylineError):  # noqa: N818 - named by what is wrong
    """The coded articles cannot be used."""


@dataclass(frozen=True, slots=True)
class CodedPosition:
    """A position; `optional` ones count neither way. What only one side writes down is None on the other."""

    actor: str
    proposition: str
    stance: str
    date: str | None
    optional: bool = False
    voice: str | None = None
    confidence: float | None = None
    evidence: str = ""
    rule: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Two positions are the same where this is."""
        return self.actor, self.proposition, self.stance


@dataclass(frozen=True, slots=True)
class CodedEvent:
    """A political event; `also` are other dates that count as right."""

    kind: str
    date: str | None
    actors: frozenset[str]
    recipients: frozenset[str]
    status: str
    optional: bool = False
    confidence: float | None = None
    evidence: str = ""
    rule: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodedArticle:
    """One article's records. `date_scored`: whether its date counts, being neither given nor unsure."""

    name: str
    date: str | None
    date_scored: bool
    positions: tuple[CodedPosition, ...]
    events: tuple[CodedEvent, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write down about the subject."""
        return not self.positions and not self.events


def article_key(name: str) -> str:
    """What articles are joined on: the last part of a path, without suffix."""
    return PurePath(name).name.removesuffix(".txt").removesuffix(".json")


def coded(record: Mapping[str, Any]) -> CodedArticle:
    """The article of one record, be it a coder's or one that `treatyline extract` printed."""
    date = record.get("date")
    if isinstance(date, Mapping):
        date = date.get("value")
    return CodedArticle(
        name=article_key(str(record["article"])),
        date=_text(date),
        date_scored=bool(record.get("date_scored", True)) and not record.get("given_date"),
        positions=tuple(_position(p) for p in record.get("positions") or ()),
        events=tuple(_event(e) for e in record.get("events") or ()),
    )


def _position(entry: Mapping[str, Any]) -> CodedPosition:
    return CodedPosition(
        actor=entry["actor"],
        proposition=entry["proposition"],
        stance=entry["stance"],
        date=_text(entry.get("date")),
        optional=bool(entry.get("optional")),
        voice=entry.get("voice"),
        confidence=entry.get("confidence"),
        evidence=_evidence(entry),
        rule=entry.get("rule", ""),
    )


def _event(entry: Mapping[str, Any]) -> CodedEvent:
    return CodedEvent(
        kind=entry["kind"],
        date=_text(entry.get("date")),
        actors=frozenset(entry.get("actors") or ()),
        recipients=frozenset(entry.get("recipients") or ()),
        status=entry.get("status", "actual"),
        optional=bool(entry.get("optional")),
        confidence=entry.get("confidence"),
        evidence=_evidence(entry),
        rule=entry.get("rule", ""),
        also=tuple(map(str, entry.get("also_dates") or ())),
    )


def _text(value: object) -> str | None:
    return str(value) if value else None


def _evidence(entry: Mapping[str, Any]) -> str:
    told = entry.get("evidence") or ""
    return str(told.get("text", "")) if isinstance(told, Mapping) else str(told)


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """A coded article with its text, as it is posted."""

    gold: CodedArticle
    source: ArticleFile


def read_gold(path: Path, texts: Path | None = None) -> Iterator[GoldArticle]:
    """The coded articles of a YAML file with their texts, which lie beside it or in the folder `texts`.

    An article may bring its text itself (`text`, `published`, `outlet`, `title`); what it codes again in
    another sentence is one record then. Raises UnusableGold.
    """
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnusableGold(f"{path}: {error}") from None
    if not isinstance(entries, list):
        raise UnusableGold(f"{path} is not a list of coded articles")
    for number, entry in enumerate(entries, start=1):
        try:
            yield _gold_article(entry, texts or path.parent)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnusableGold(f"{path}, article {number}: {error!r}") from None


def _gold_article(entry: Mapping[str, Any], folder: Path) -> GoldArticle:
    if isinstance(entry.get("text"), str):
        name = str(entry["article"])
        fields = {"text": entry["text"], "outlet": entry.get("outlet"), "title": entry.get("title")}
        fields["published_at"] = _text(entry.get("published"))
        body = {key: value for key, value in fields.items() if value is not None}
        given = {"given_date": entry.get("published")}
        return GoldArticle(_told_once(coded({**entry, **given})), ArticleFile(name, name, body))
    return GoldArticle(coded(entry), _with_day(_file_of(str(entry["article"]), folder), entry))


def _told_once(article: CodedArticle) -> CodedArticle:
    """The article with each record once; what is not optional anywhere is not optional."""
    positions: dict[Any, CodedPosition] = {}
    for position in article.positions:
        known = positions.get(position.key)
        if known is None or (known.optional and not position.optional):
            positions[position.key] = position
    events: dict[Any, CodedEvent] = {}
    for event in article.events:
        key = (event.kind, event.date, event.actors)
        before = events.get(key)
        if before is None or (before.optional and not event.optional):
            events[key] = event
    return replace(article, positions=tuple(positions.values()), events=tuple(events.values()))


def _file_of(name: str, folder: Path) -> ArticleFile:
    found = next(
        (p for p in (folder / name, folder / f"{name}.json", folder / f"{name}.txt") if p.is_file()), None
    )
    if found is None:
        raise UnusableGold(f"the text of {name} is not in {folder}: name its folder with --texts")
    article = next(iter(read_articles(found)), None)
    if not isinstance(article, ArticleFile):
        raise UnusableGold(f"{found} {article.why if article else 'is empty'}")
    return article


def _with_day(article: ArticleFile, entry: Mapping[str, Any]) -> ArticleFile:
    """A bare text was posted with the day that the coder was given."""
    if not entry.get("given_date") or "published_at" in article.body:
        return article
    return replace(article, body={**article.body, "published_at": str(entry["given_date"])})
