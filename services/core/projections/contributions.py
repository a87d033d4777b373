"""What one reading of one article contributes: its mentions and statements, with the words they point at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from services.core.domain.events import ExtractionCompleted
from services.core.domain.sentences import sentence_around
from services.core.domain.standing import StatedPosition
from services.core.domain.timeline import EntryKey, Mention
from services.core.domain.vocabulary import Stance, Status, Voice
from services.core.projections.codecs import mention_id, statement_id
from services.core.projections.rows import ArticleState, RevisionState

NameOf = Callable[[str, str], str | None]  # (dossier, person id) -> the person's name


def mentions(
    event: ExtractionCompleted,
    article: ArticleState,
    revision: RevisionState,
    text: str | None,
    name_of: NameOf,
    *,
    copy: bool,
) -> list[Mention]:
    """The political events of a reading; one told twice counts once. `text` None: withdrawn."""
    found: dict[UUID, Mention] = {}
    for record in event.political_events:
        key = key_of(event.dossier, record)
        mention = Mention(
            id=mention_id(article.id, key),
            key=key,
            plover=record["plover"],
            plover_mode=record["plover_mode"],
            status=Status(record["status"]),
            recipients=tuple(sorted(set(record["recipients"]))),
            **_shared(record, event, article, revision, text, name_of),
            copy=copy,
        )
        present = found.get(mention.id)
        if present is None or _better(mention, present):
            found[mention.id] = mention
    return list(found.values())


def statements(
    event: ExtractionCompleted,
    article: ArticleState,
    revision: RevisionState,
    text: str | None,
    name_of: NameOf,
    *,
    copy: bool,
) -> list[StatedPosition]:
    """The positions of a reading; one without a date of its own was stated on the article's day."""
    found: dict[UUID, StatedPosition] = {}
    for record in event.positions:
        date = record["date"] or event.article_date or article.published_on.isoformat()
        condition = record["condition"]
        statement = StatedPosition(
            id=statement_id(
                article.id, event.dossier, record["actor"], record["proposition"], record["stance"], date
            ),
            dossier=event.dossier,
            actor=record["actor"],
            proposition=record["proposition"],
            stance=Stance(record["stance"]),
            date=date,
            voice=Voice(record["voice"]),
            condition=text[slice(*condition)] if condition and text is not None else None,
            **_shared(record, event, article, revision, text, name_of),
            copy=copy,
        )
        present = found.get(statement.id)
        if present is None or statement.confidence > present.confidence:
            found[statement.id] = statement
    return list(found.values())


def key_of(dossier: str, record: Mapping[str, Any]) -> EntryKey:
    """What the political event of a reading's record is recognised by."""
    return EntryKey(dossier, record["kind"], record["date"], tuple(sorted(set(record["actors"]))))


def _better(mention: Mention, present: Mention) -> bool:
    """`actual` beats `planned`; then the surer one."""
    return (mention.status is Status.ACTUAL, mention.confidence) > (
        present.status is Status.ACTUAL,
        present.confidence,
    )


def _shared(
    record: Mapping[str, Any],
    event: ExtractionCompleted,
    article: ArticleState,
    revision: RevisionState,
    text: str | None,
    name_of: NameOf,
) -> dict[str, Any]:
    start, end = record["evidence"]
    speaker = record["speaker"] or {}
    person = speaker.get("person")
    span = speaker.get("span")
    name = name_of(event.dossier, person) if person else None
    if name is None and span and text is not None:
        name = " ".join(text[slice(*span)].split())
    return {
        "article_id": article.id,
        "revision": event.revision,
        "person": person,
        "speaker": name,
        "confidence": float(record["confidence"]),
        "evidence": (start, end),
        "words": text[start:end] if text is not None else None,
        "sentence": text[slice(*sentence_around(text, start, end))] if text is not None else None,
        "outlet": revision.outlet,
        "url": revision.url,
        "published_at": revision.published_at or event.article_date,
        "published_on": article.published_on,
        "story_id": article.story_id,
    }
