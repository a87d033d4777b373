"""`articles`, `article_revisions` and `stories`: what is known of each article and whose copy it is."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from uuid import UUID

from services.core.domain.calendar import day_of, instant_of
from services.core.domain.events import (
    ArticleJudgedDuplicate,
    ArticleJudgedOriginal,
    ArticleReceived,
    ArticleRevised,
    ArticleWithdrawn,
    Event,
    ExtractionCompleted,
    ExtractionFailed,
    ExtractionRequested,
    ExtractionSkipped,
)
from services.core.eventstore.store import Recorded
from services.core.projections.rows import ArticleState, RevisionState, StoryState
from services.core.projections.working_set import WorkingSet

# An article that is read for several dossiers is what the best of its readings is; each new one is asked for in the log.
_ENDS = ("received", "skipped", "failed", "extracted")


class ArticlesProjection:
    """Folds every event about an article into its row, its revisions and its story."""

    def apply(self, work: WorkingSet, recorded: Recorded, event: Event) -> set[str]:
        """Fold one event. Gives the articles whose story, or whose being a copy, changed by it."""
        match event:
            case ArticleReceived() | ArticleRevised():
                return self._received(work, recorded, event)
            case ArticleJudgedOriginal() | ArticleJudgedDuplicate():
                return self._judged(work, recorded, event)
            case ExtractionCompleted() | ExtractionSkipped():
                return self._read(work, recorded, event)
            case ExtractionFailed():
                self._set_state(work, recorded, event, "failed", f"{event.code}: {event.error_class}")
            case ExtractionRequested():
                self._set_state(work, recorded, event, "received", None)
            case ArticleWithdrawn():
                return self._withdrawn(work, recorded, event)
        return set()

    def _received(
        self, work: WorkingSet, recorded: Recorded, event: ArticleReceived | ArticleRevised
    ) -> set[str]:
        current = not isinstance(event, ArticleRevised) or event.current
        work.revisions[event.article_id, event.revision] = revision = RevisionState(
            article_id=event.article_id,
            revision=event.revision,
            current=current,
            url=event.url,
            outlet=event.outlet,
            published_at=event.published_at,
            language=event.language,
            tags=list(event.tags),
            body_sha256=event.body_sha256,
            text_sha256=event.text_sha256,
            received_as=event.received_as,
            global_position=recorded.global_position,
            recorded_at=recorded.recorded_at,
        )
        article = work.articles.get(event.article_id)
        if article is None:
            published_on, order = published(event.published_at, recorded.recorded_at)
            work.articles[event.article_id] = ArticleState(
                id=event.article_id,
                state="received",
                revision=event.revision,
                outlet=event.outlet,
                published_on=published_on,
                published_order=order,
                received_position=recorded.global_position,
                received_at=recorded.recorded_at,
                changed_position=recorded.global_position,
            )
            return set()
        article.changed_position = recorded.global_position
        if not current:
            return set()
        article.state, article.reason = "received", None
        article.revision, article.outlet = event.revision, event.outlet
        # Without a date of its own it keeps the article's day until it has been read.
        return self._date(work, article, revision) if revision.published_at else set()

    def _judged(
        self,
        work: WorkingSet,
        recorded: Recorded,
        event: ArticleJudgedOriginal | ArticleJudgedDuplicate,
    ) -> set[str]:
        article = work.articles[event.article_id]
        if event.revision != article.revision or article.state == "withdrawn":
            return set()
        article.changed_position = recorded.global_position
        duplicate = event if isinstance(event, ArticleJudgedDuplicate) else None
        article.judged = "duplicate" if duplicate else "original"
        article.duplicate_of = duplicate.of if duplicate else None
        article.method = duplicate.method if duplicate else None
        article.similarity = duplicate.similarity if duplicate else None
        return self._move(work, article, story_of(event.story_id)) | {article.id}

    def _read(
        self, work: WorkingSet, recorded: Recorded, event: ExtractionCompleted | ExtractionSkipped
    ) -> set[str]:
        revision = work.revisions[event.article_id, event.revision]
        revision.article_date = event.article_date
        revision.article_date_basis = event.article_date_basis
        revision.language_read = event.language
        revision.reading_position = recorded.global_position
        revision.extractor_version = event.extractor_version
        article = work.articles[event.article_id]
        if event.revision != article.revision or article.state == "withdrawn":
            return set()
        article.shown_revision = event.revision
        if isinstance(event, ExtractionCompleted):
            self._set_state(work, recorded, event, "extracted", None)
        else:
            self._set_state(work, recorded, event, "skipped", event.reason)
        return self._date(work, article, revision)

    def _set_state(
        self,
        work: WorkingSet,
        recorded: Recorded,
        event: ExtractionCompleted | ExtractionSkipped | ExtractionFailed | ExtractionRequested,
        state: str,
        reason: str | None,
    ) -> None:
        article = work.articles[event.article_id]
        if event.revision == article.revision and article.state != "withdrawn":
            if state == "received" or _ENDS.index(state) >= _ENDS.index(article.state):
                article.state, article.reason = state, reason
            article.changed_position = recorded.global_position

    def _withdrawn(self, work: WorkingSet, recorded: Recorded, event: ArticleWithdrawn) -> set[str]:
        article = work.articles[event.article_id]
        article.state, article.reason = "withdrawn", event.reason
        article.changed_position = recorded.global_position
        changed = self._move(work, article, None)
        work.withdrawn.add(article.id)
        return changed

    # -- stories: the head is the article published first, received first where nothing says ------------

    def _date(self, work: WorkingSet, article: ArticleState, revision: RevisionState) -> set[str]:
        """Set the article's day by its current revision; a story's head may change by it."""
        published_on, order = published(revision.published_at or revision.article_date, article.received_at)
        if (published_on, order) == (article.published_on, article.published_order):
            return set()
        story_id = article.story_id
        changed = self._move(work, article, None) if story_id else set()
        article.published_on, article.published_order = published_on, order
        return changed | self._move(work, article, story_id) if story_id else changed

    def _move(self, work: WorkingSet, article: ArticleState, story_id: UUID | None) -> set[str]:
        """Take the article out of its story and into another. Gives those whose place changed."""
        changed: set[str] = set()
        if article.story_id == story_id:
            return changed
        if article.story_id is not None:
            changed |= self._leave(work, article, article.story_id)
        article.story_id = story_id
        if story_id is not None:
            changed |= self._join(work, article, story_id)
        return changed | {article.id}

    def _leave(self, work: WorkingSet, article: ArticleState, story_id: UUID) -> set[str]:
        work.load_stories({story_id})
        story = work.stories[story_id]
        others = []
        if story.head == article.id and story.articles > 1:
            others = [other for other in work.members_of(story_id) if other.id != article.id]
        article.story_id = None
        story.articles -= 1
        if story.articles == 0:
            del work.stories[story_id]
            work.dropped_stories.add(story_id)
        elif others:
            head = min(others, key=_order)
            story.head, story.head_order = head.id, head.published_order
            return {head.id}
        return set()

    def _join(self, work: WorkingSet, article: ArticleState, story_id: UUID) -> set[str]:
        work.load_stories({story_id})
        story = work.stories.get(story_id)
        if story is None:
            work.dropped_stories.discard(story_id)
            work.stories[story_id] = StoryState(
                id=story_id, head=article.id, head_order=article.published_order, articles=1
            )
            return set()
        story.articles += 1
        work.load_articles({story.head})
        head = work.articles[story.head]
        if _order(article) < _order(head):
            story.head, story.head_order = article.id, article.published_order
            return {head.id}
        return set()


def is_copy(work: WorkingSet, article: ArticleState) -> bool:
    """Whether another article of its story was published before it: what it says is not independent."""
    return article.story_id is not None and work.stories[article.story_id].head != article.id


def _order(article: ArticleState) -> tuple[dt.datetime, int]:
    return article.published_order, article.received_position


def published(stated: str | None, received_at: dt.datetime) -> tuple[dt.date, dt.datetime]:
    """An article's day and what sorts it: as posted, else as worked out, else as received."""
    if not stated:
        return received_at.astimezone(dt.UTC).date(), received_at
    return _moment(stated)


@lru_cache(maxsize=8192)  # asked for when an article comes and when it was read
def _moment(stated: str) -> tuple[dt.date, dt.datetime]:
    return day_of(stated), instant_of(stated).astimezone(dt.UTC)  # offsets have seconds in no JSON


@lru_cache(maxsize=16_384)  # asked for when its article is loaded and when it is folded
def story_of(story_id: str) -> UUID:
    """The id of a story as the log has it."""
    return UUID(story_id)
