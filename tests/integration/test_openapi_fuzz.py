"""Requests made from the served OpenAPI documents, right ones and wrong ones: no 5xx, no answer that they do not
describe. A few for each operation here; `make fuzz` sends more than ten thousand (TREATYLINE_FUZZ is how many of
each kind an operation gets).
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import requests
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.api.app import create_app as create_api
from services.core.access.keys import Scope
from services.core.access.store import create_key
from services.core.settings import Settings
from services.ingest.app import create_app as create_ingest
from tests.conftest import Database
from tests.integration.api_client import world_of
from tests.integration.stream_client import LEFT, MET, STATED, TEXT

EACH = int(os.environ.get("TREATYLINE_FUZZ", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
STREAM = "/v1/timeline/stream"
SERVICES: dict[str, Callable[[Settings], FastAPI]] = {"ingest": create_ingest, "api": create_api}


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The app in a real server, in a thread of its own."""
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        if hub := getattr(app.state, "hub", None):
            hub.close()
        server.should_exit = True
        thread.join()


def write_something(database: Database) -> None:
    with world_of(database.owner_url) as world:
        for number in range(3):
            world.article(f"a00{number}", TEXT, [LEFT, MET, STATED], outlet=f"Outlet {number}")
        world.withdraw("a002")
        world.project()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_answers_as_described(service: str, database: Database) -> None:
    with psycopg.connect(database.services_url, autocommit=True) as conn:
        key = create_key(conn, "fuzz", [Scope.ADMIN])
    write_something(
        database
    )  # last, so that the projections are at the end of the log: none has to be waited for
    headers = {"Authorization": f"Bearer {key.reveal()}"}
    chosen = Settings(database_url=database.services_url, rate_per_key=0, rate_per_address=0)
    app = SERVICES[service](chosen)
    statuses: Counter[int] = Counter()
    with listening(app) as address, requests.Session() as session:
        document = schemathesis.openapi.from_dict(app.openapi())
        for found in document.get_all_operations():
            for mode in GenerationMode:
                _try_out(found.ok(), mode, session, address, headers, statuses)
    assert statuses.keys() >= ({400, 422} if service == "ingest" else {200, 404, 422}), statuses
    assert max(statuses) < 500
    print(f"\n{service}: {statuses.total()} requests", dict(sorted(statuses.items())))


def _try_out(
    operation: Any,
    mode: GenerationMode,
    session: requests.Session,
    address: str,
    headers: dict[str, str],
    statuses: Counter[int],
) -> None:
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        if case.path == STREAM:
            statuses[_ask_stream(case, session, address, headers)] += 1
            return
        answer = case.call(base_url=address, session=session, headers=headers, timeout=60)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS, headers=headers)

    try:
        ask()
    except Unsatisfiable:  # an operation that takes nothing cannot be asked wrongly
        assert mode is GenerationMode.NEGATIVE, operation.label


def _ask_stream(case: Case, session: requests.Session, address: str, headers: dict[str, str]) -> int:
    """A stream never ends: how it begins is what can be looked at."""
    asked = case.as_transport_kwargs(base_url=address, headers=headers)
    with session.request(**asked, stream=True, timeout=60) as answer:
        kind = answer.headers["content-type"].partition(";")[0]
        assert (answer.status_code, kind) in {
            (200, "text/event-stream"),
            (422, "application/problem+json"),
        }, asked
        return answer.status_code
