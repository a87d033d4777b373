"""Articles that come, are judged and turn out to tell nothing, all within one batch of a rebuild: most of a log.

What becomes of one hangs on nothing but its own events and the place in its story, so that its rows are made of the
events' data at once instead of event by event. Others, and those whose stories they touch, are left to be folded.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ExtractionSkipped,
)
from services.core.eventstore.store import Recorded
from services.core.projections.articles import published, story_of
from services.core.projections.rows import StoryState
from services.core.projections.working_set import WorkingSet

_by_position = attrgetter("global_position")
_JUDGED = {ArticleJudgedOriginal.type: "original", ArticleJudgedDuplicate.type: "duplicate"}


class _Settled(NamedTuple):
    article: tuple[Any, ...]
    revision: tuple[Any, ...]
    story_id: UUID
    earliest: dt.datetime  # of all that sorted it in its story for a while
    order: tuple[dt.datetime, int]  # what sorts it there in the end


def settle(work: WorkingSet, batch: Sequence[Recorded]) -> Sequence[Recorded]:
    """Puts the rows of such articles into the working set. Gives the events that are left to be folded, in order.

    Only in a rebuild: of articles whose stream begins in the batch its tables hold nothing yet.
    """
    streams: defaultdict[str, list[Recorded]] = defaultdict(list)
    for recorded in batch:
        streams[recorded.stream_name].append(recorded)
    settled: list[tuple[_Settled, list[Recorded]]] = []
    others: list[Recorded] = []
    for events in streams.values():
        if (made := _settled(events)) is not None:
            settled.append((made, events))
        else:
            others += events
    loud = _loud(work, others)
    stories: defaultdict[UUID, list[_Settled]] = defaultdict(list)
    for made, _ in settled:
        stories[made.story_id].append(made)
    work.load_stories(stories.keys() - loud, heads=False)
    left = {id_ for id_, members in stories.items() if id_ in loud or not _placed(work, id_, members)}
    if left:  # heads that folding will ask for, all at once
        work.load_articles({story.head for id_ in left if (story := work.stories.get(id_))})
        others += (event for made, events in settled if made.story_id in left for event in events)
        settled = [one for one in settled if one[0].story_id not in left]
    work.settle((made.article, made.revision) for made, _ in settled)
    return sorted(others, key=_by_position)


def _loud(work: WorkingSet, others: Iterable[Recorded]) -> set[UUID]:
    """Stories that the other events touch: who is in them, and who at their head, hangs on the order of events."""
    loud: set[UUID] = set()
    ids: set[str] = set()
    for recorded in others:
        if recorded.stream_name.startswith("article-"):
            article_id = recorded.data["article_id"]
            ids.add(article_id)
            if recorded.position == 0:
                work.begin_articles((article_id,))
            if recorded.type in _JUDGED:
                loud.add(story_of(recorded.data["story_id"]))
    work.load_articles(ids)
    loud.update(article.story_id for article in work.articles.values() if article.story_id is not None)
    return loud


def _placed(work: WorkingSet, story_id: UUID, members: list[_Settled]) -> bool:
    """Joins them to their story, if nobody who was there before changes places by it."""
    story = work.stories.get(story_id)
    if story is not None:
        if min(member.earliest for member in members) < story.head_order:
            return False
        story.articles += len(members)
        return True
    head = min(members, key=lambda member: member.order)
    work.stories[story_id] = StoryState(
        id=story_id, head=head.article[0], head_order=head.order[0], articles=len(members)
    )
    return True


def _settled(events: list[Recorded]) -> _Settled | None:
    """What becomes of an article whose first events these are; None where they are not all of this kind."""
    first, last = events[0], events[-1]
    if first.position or first.type != ArticleReceived.type or len(events) < 3:
        return None
    judged = _JUDGED.get(events[1].type)
    if judged is None:
        return None
    data, verdict, read = first.data, events[1].data, last.data
    revision = data["revision"]
    if verdict["revision"] != revision:
        return None
    for recorded in events[2:]:
        if recorded.type != ExtractionSkipped.type or recorded.data["revision"] != revision:
            return None
    article_id, stated, at = data["article_id"], data["published_at"], first.recorded_at
    day, order = published(stated or read["article_date"], at)
    earliest = order
    if not stated:  # until it was read it had the place of when it came
        days = [published(recorded.data["article_date"], at)[1] for recorded in events[2:]]
        earliest = min(at, *days)
    story_id = story_of(verdict["story_id"])
    copy = judged == "duplicate"
    return _Settled(
        (  # as the columns of ArticleState
            article_id,
            "skipped",
            revision,
            day,
            order,
            first.global_position,
            at,
            last.global_position,
            read["reason"],
            revision,
            story_id,
            judged,
            verdict["of"] if copy else None,
            verdict["method"] if copy else None,
            verdict["similarity"] if copy else None,
            data["outlet"],
        ),
        (  # as those of RevisionState
            article_id,
            revision,
            True,  # the current one
            data["url"],
            data["outlet"],
            data["published_at"],
            data["language"],
            data["tags"],
            data["body_sha256"],
            data["text_sha256"],
            data["received_as"],
            first.global_position,
            at,
            read["article_date"],
            read["article_date_basis"],
            read["language"],
            last.global_position,
            read["extractor_version"],
        ),
        story_id,
        earliest,
        (order, first.global_position),
    )
