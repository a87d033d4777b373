"""What a worker does before it takes work: load all that reading needs, and say so where that fails."""

from __future__ import annotations

import pytest

from services.core.settings import Settings
from workers import app
from workers.extraction.learned import encoder, weighing
from workers.readings import load_readers


def test_nothing_is_left_to_be_loaded_at_the_first_article() -> None:
    for loads in (encoder.load, weighing.load_weights):
        loads.cache_clear()
    load_readers(("inf",))
    assert encoder.load.cache_info().currsize == weighing.load_weights.cache_info().currsize == 1


def test_a_worker_that_cannot_load_its_readers_ends_at_once() -> None:
    def fails(_dossiers: tuple[str, ...]) -> dict[str, object]:
        raise OSError("no model")

    with pytest.raises(OSError, match="no model"):
        app.main(Settings(redis_url="redis://127.0.0.1:1/0"), load=fails)  # type: ignore[arg-type]
