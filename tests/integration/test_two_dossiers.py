"""An article that is read for two dossiers is what the best of its readings is, whichever comes last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import permutations

import pytest

from services.core.domain.events import ExtractionFailed, ExtractionRequested, ExtractionSkipped
from services.core.domain.ids import derived_id
from services.core.eventstore.store import StreamWrite, append, make_event, read_all
from services.core.projections.read_models import ReadModels
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import World, api_client, world_of
from tests.integration.log_writer import Telling
from tests.integration.pipeline import eventually
from workers import projector

TEXT = "On Friday Washington left the treaty."
LEFT = Telling("Washington left", "2019-08-02", "agreement-ended", ("usa",))


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with world_of(database.owner_url) as world:
        yield world


def ends(world: World, article_id: str, dossier: str, how: str) -> None:
    """A reading of the article for a dossier, or that it is asked for again."""
    about = {"article_id": article_id, "revision": 1, "dossier": dossier}
    event: ExtractionSkipped | ExtractionFailed | ExtractionRequested
    match how:
        case "extracted":
            world.read(article_id, TEXT, [LEFT], dossier=dossier)
            return
        case "skipped":
            event = ExtractionSkipped(
                **about, dossier_version="1", extractor_version="1", reason="off-topic", language="en",
                article_date=None, article_date_basis="unknown",
            )  # type: ignore[arg-type]  # fmt: skip
        case "failed":
            event = ExtractionFailed(
                **about, extractor_version="1", error_class="E", code="error", attempts=3
            )  # type: ignore[arg-type]
        case _:
            event = ExtractionRequested(**about, reason="re-reading")  # type: ignore[arg-type]
    new_id = derived_id("test two dossiers", article_id, dossier, how)
    made = make_event(event, id=new_id, correlation_id=new_id, causation_id=None)
    append(world.conn, [StreamWrite(f"article-{article_id}", [made])])


def states(world: World) -> dict[str, tuple[str, str | None]]:
    models = ReadModels(lambda _dossier, _kind: False, lambda _dossier, _person: None)
    with world.conn.transaction():
        models.apply(world.conn, read_all(world.conn, 0, 1000))
    rows = world.conn.execute("SELECT id, state, reason FROM read.articles").fetchall()
    return {article_id: (state, reason) for article_id, state, reason in rows}


def test_whichever_reading_comes_last(world: World) -> None:
    expected = {}
    for one, other in permutations(("skipped", "failed", "extracted"), 2):
        article_id = f"{one}-{other}"
        world.receive(article_id, TEXT)
        ends(world, article_id, "inf", one)
        ends(world, article_id, "other", other)
        expected[article_id] = max(one, other, key=("skipped", "failed", "extracted").index)
    found = states(world)
    assert {article_id: state for article_id, (state, _) in found.items()} == expected
    assert found["skipped-failed"][1] == "error: E"
    assert found["failed-extracted"][1] is None


@pytest.mark.anyio
async def test_a_dossier_that_is_not_here_is_named(
    world: World, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """As where TREATYLINE_DOSSIER_FOLDERS was taken back: nothing breaks but what needs it."""
    world.receive("a", TEXT)
    ends(world, "a", "other", "extracted")
    stop = threading.Event()
    settings = Settings(database_url=database.services_url)
    projector_thread = threading.Thread(target=projector.main, args=(settings, stop))
    projector_thread.start()
    eventually(lambda: "no dossier 'other'" in caplog.text, "the projector says what it lacks")
    assert projector_thread.is_alive()
    stop.set()
    projector_thread.join(60)
    states(world)
    (entry_id,) = world.conn.execute("SELECT id FROM read.entries").fetchone() or ("",)
    async with api_client(database.services_url) as api:
        assert (await api.get(f"/v1/timeline/{entry_id}")).status_code == 200
        page = await api.get(f"/entries/{entry_id}")
    assert page.status_code == 503
    assert "no dossier 'other'" in page.text


def test_what_is_read_again_waits_again(world: World) -> None:
    for article_id, last in (("a", None), ("b", "skipped")):
        world.receive(article_id, TEXT)
        ends(world, article_id, "inf", "extracted")
        ends(world, article_id, "inf", "asked for")
        if last:
            ends(world, article_id, "inf", last)
    assert states(world) == {"a": ("received", None), "b": ("skipped", "off-topic")}
