"""The projections that the projector runs."""

from __future__ import annotations

from collections.abc import Sequence

from services.core.domain.dossier import load_dossier
from services.core.projections.base import SCHEMA, Projection
from services.core.projections.behind import Behind
from services.core.projections.read_models import ReadModels


def happens_once(dossier: str, kind: str) -> bool:
    """Whether a kind of political event happens once. A kind that the dossier no longer has does not."""
    known = load_dossier(dossier).kinds.get(kind)
    return known is not None and known.once


def name_of(dossier: str, person: str) -> str | None:
    """The name of a person of a dossier."""
    known = load_dossier(dossier).people.get(person)
    return known.name if known else None


def read_models(schema: str = SCHEMA, *, alone: bool = False, behind: Behind | None = None) -> ReadModels:
    """The read tables in a schema, by the dossiers that come with this release."""
    return ReadModels(happens_once, name_of, schema=schema, alone=alone, behind=behind)


def projections() -> Sequence[Projection]:
    """Every projection, each with its own checkpoint."""
    return (read_models(),)
