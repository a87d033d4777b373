"""What several of these modules are about."""

from __future__ import annotations

import pytest

from services.core.domain.dossier import Dossier, load_dossier


@pytest.fixture(scope="session")
def inf() -> Dossier:
    """The INF dossier. It cannot be changed."""
    return load_dossier("inf")
