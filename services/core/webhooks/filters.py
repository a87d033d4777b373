"""What a webhook is told of: the words of the timeline's filters, checked when it is registered."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.core.domain.calendar import first_day, last_day
from services.core.domain.dossier import Dossier, DossierError, load_dossier
from services.core.domain.submission import character_error
from services.core.domain.vocabulary import PloverType
from services.core.errors import FieldError, InvalidInput

MOST = 50  # values of one word
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)

Word = Annotated[str, Field(max_length=200)]
Words = Annotated[list[Word], Field(max_length=MOST)]


class WebhookFilter(BaseModel):
    """As for `GET /v1/timeline`: each that is given must hold; one with several values holds with any of them."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"actor": ["nato"]}]}
    )

    dossier: Word | None = Field(None, description="default: the first configured")
    actor: Words = Field([])
    recipient: Words = Field([])
    speaker: Words = Field([], description="A person's id, name or surname")
    kind: Words = Field([])
    plover: list[Annotated[PloverType, Field(strict=False)]] = Field([], max_length=MOST)
    proposition: Words = Field([])
    outlet: Words = Field([])
    from_: Word | None = Field(None, alias="from", description="Not over before this date")
    to: Word | None = Field(None, description="Begun by this date")
    status: Literal["actual", "planned"] | None = None
    min_outlets: int = Field(0, ge=0, le=1_000_000)
    min_stories: int = Field(0, ge=0, le=1_000_000)
    q: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="Words of the sentences that tell it"
    )

    def words(self) -> dict[str, Any]:
        """Those that say something, by the names that the address of the timeline gives them."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def checked_words(chosen: WebhookFilter, default_dossier: str) -> dict[str, Any]:
    """The filter as it is stored, with its dossier. Raises InvalidInput naming what cannot be."""
    errors: list[FieldError] = []

    def wrong(name: str, detail: str) -> None:
        errors.append(FieldError(f"filter.{name}", detail))

    try:
        dossier = load_dossier(chosen.dossier or default_dossier)
    except DossierError:
        raise InvalidInput([FieldError("filter.dossier", "There is no such dossier")]) from None
    words = {"dossier": dossier.id} | chosen.words()
    for name, known in _ids(dossier).items():
        for number, value in enumerate(words.get(name, ())):
            if value not in known:
                wrong(f"{name}.{number}", f"The dossier {dossier.id} has no such id")
    for name in ("from", "to"):
        if (date := words.get(name)) is not None and not _is_date(date):
            wrong(name, "Wants a date: 2019-08-02, 2019-08 or 2019")
    for name in ("speaker", "outlet"):
        for number, value in enumerate(words.get(name, ())):
            if bad := character_error(value):
                wrong(f"{name}.{number}", bad)
    if bad := character_error(words.get("q", "")):
        wrong("q", bad)
    if errors:
        raise InvalidInput(errors)
    return words


def _ids(dossier: Dossier) -> dict[str, Any]:
    return {
        "actor": dossier.actors,
        "recipient": dossier.actors,
        "kind": dossier.kinds,
        "proposition": dossier.propositions,
    }


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        first_day(text)
        last_day(text)
    except ValueError:
        return False
    return True
