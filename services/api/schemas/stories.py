"""Stories: articles that are copies of one; and what came in from whom on which day."""

from __future__ import annotations

from services.api.schemas.parts import Answer, Page


class StoryArticle(Answer):
    id: str
    outlet: str | None
    title: str | None
    url: str | None
    published_at: str | None
    head: bool
    duplicate_of: str | None
    method: str | None
    similarity: float | None


class StoryDetail(Answer):
    id: str
    head: str
    articles: int
    data: list[StoryArticle]
    position: int


class CoverageDay(Answer):
    outlet: str | None
    day: str
    articles: int
    extracted: int
    skipped: int
    failed: int


class CoveragePage(Page):
    data: list[CoverageDay]
