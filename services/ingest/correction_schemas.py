"""What analysts send to rule on an entry or a position, and what they are answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.core.domain.vocabulary import Stance, Status, Voice

MAX_REASON = 1000
MAX_BY = 200
MAX_ACTORS = 50
MAX_ARTICLES = 1000

# Not strict: JSON has no enumerations and no UUIDs. Numbers and words are still not taken for each other.
_CLOSED = ConfigDict(extra="forbid")
Date = Annotated[str, Field(description="Cut to its precision: 2019-08-02, 2019-08 or 2019", max_length=10)]
Actors = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=MAX_ACTORS)]


class _Posted(BaseModel):
    model_config = _CLOSED

    reason: str = Field(min_length=1, max_length=MAX_REASON, description="Why; everybody may read it")
    by: str | None = Field(
        None, max_length=MAX_BY, description="Who, in your own words; everybody may read it"
    )
    version: Annotated[int, Field(strict=True, ge=0, le=2**31)] | None = Field(
        None, description="How many rulings on this record you know of; 409 where there are others"
    )


class EntryChanges(BaseModel):
    """What an entry is to say; fields that are left out stay as they are read."""

    model_config = _CLOSED

    kind: str | None = Field(None, max_length=100)
    date: Date | None = None
    status: Status | None = None
    actors: Actors | None = None
    recipients: Actors | None = None
    representative: UUID | None = Field(
        None, description="The article whose sentence is the summary: words are chosen, never written"
    )


class EntryRulingPosted(_Posted):
    """A ruling on an entry of the timeline."""

    model_config = _CLOSED | {
        "json_schema_extra": {
            "examples": [
                {"verdict": "amend", "changes": {"date": "2019-08-02"}, "reason": "The note took effect then"}
            ]
        }
    }

    verdict: Literal["confirm", "reject", "amend", "merge", "split", "undo"]
    changes: EntryChanges | None = Field(None, description="For `amend`")
    into: UUID | None = Field(None, description="For `merge`: the entry that tells the same")
    articles: Annotated[list[UUID], Field(min_length=1, max_length=MAX_ARTICLES)] | None = Field(
        None, description="For `split`: whose tellings, with their copies, become an entry of their own"
    )


class Stated(BaseModel):
    """A stance stated on a day, as the position's evidence has it."""

    model_config = _CLOSED

    stance: Stance
    date: Date


class PositionChanges(BaseModel):
    """What was stated instead; fields that are left out stay as they are read."""

    model_config = _CLOSED

    stance: Stance | None = None
    date: Date | None = None
    voice: Voice | None = None
    condition: None = Field(None, description="null: the words that were read as a condition are none")


class PositionRulingPosted(_Posted):
    """A ruling on what an actor stated on a day, whoever tells it."""

    model_config = _CLOSED | {
        "json_schema_extra": {
            "examples": [
                {
                    "verdict": "reject",
                    "stated": {"stance": "opposes", "date": "2019-09-25"},
                    "reason": "The sentence is irony",
                }
            ]
        }
    }

    verdict: Literal["confirm", "reject", "amend", "undo"]
    stated: Stated
    changes: PositionChanges | None = Field(None, description="For `amend`")


class RulingTaken(BaseModel):
    """What was written: the record, how many rulings it has now, and the position in the log to wait for."""

    id: UUID
    verdict: Literal["confirm", "reject", "amend", "merge", "split", "undo"]
    version: int = Field(ge=1)
    global_position: int = Field(ge=1)
    part: UUID | None = Field(description="Of a split: the new entry")


MODELS: tuple[type[BaseModel], ...] = (EntryRulingPosted, PositionRulingPosted)


def changes_of(changes: EntryChanges | PositionChanges | None) -> dict[str, Any]:
    """The fields that were sent, as the log has them."""
    return {} if changes is None else changes.model_dump(mode="json", exclude_unset=True)
