"""Odd requests of every kind: answered as the OpenAPI document says, and never by an error of ours."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.api.app import create_app
from services.core.settings import Settings
from tests.conftest import Database
from tests.integration.api_client import check_documented, world_of
from tests.integration.log_writer import Telling

TEXT = "They met in Geneva. On the moratorium."

_document = create_app(Settings(database_url="postgresql://nobody@localhost/nothing")).openapi()
OPERATIONS = [
    (path, [p["name"] for p in methods["get"].get("parameters", ()) if p["in"] == "query"])
    for path, methods in _document["paths"].items()
    if path.startswith("/v1/") and not path.endswith("/stream")
]

odd = st.one_of(
    st.sampled_from(
        [
            "", " ", "0", "1", "-1", "500", "inf", "usa", "russia", "moratorium", "statement", "asc", "2019", "2019-08",
            "2019-08-02", "2019-02-30", "9999-12-31", "0001-01-01T00:00:00+14:00", "2019-08-02T12:00:00Z",
            "2019-08-02T12:00:00 02:00", "true", "a001", "actual", "9" * 30, "1e9", "NaN", "\x00", "%00", "%s", "{}",
            "null", "'; --", "Lavrov", "\U0001f680", "\u202e", "\ufeff2019", "W10", "WyJ4IiwxXQ",
            "00000000-0000-0000-0000-000000000000", "extracted", "moratorium or \"met", "ArticleReceived",
        ]
    ),
    st.text(max_size=20),
    st.integers().map(str),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
)  # fmt: skip
requests = st.sampled_from(OPERATIONS).flatmap(
    lambda operation: st.tuples(
        st.just(operation[0]),
        st.lists(odd, min_size=2, max_size=2),
        st.lists(st.tuples(st.sampled_from([*operation[1], "actr"]), odd), max_size=4),
        st.dictionaries(
            st.sampled_from(["if-none-match", "accept"]),
            st.sampled_from(["*", 'W/"x"', "a,b", "", "text/html"]),
        ),
        st.sampled_from(["GET", "HEAD"]),
    )
)


def test_no_request_breaks_it(module_database: Database) -> None:
    with world_of(module_database.owner_url) as world:
        met = Telling("They met in Geneva", "2019-08-02", "statement", ("usa",))
        spoke = Telling("On the moratorium", "2019-08", proposition="moratorium")
        world.article("a001", TEXT, [met, spoke])
        world.withdraw("a001")
        world.article("a002", TEXT, [met, spoke])
        world.project()
    app = create_app(Settings(database_url=module_database.services_url, log_level="error"))
    statuses: dict[int, int] = {}
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app),
            base_url="http://localhost",
            event_hooks={"response": [check_documented]},
        )

        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        @given(requests)
        def ask(request: tuple[str, list[str], list[tuple[str, str]], dict[str, str], str]) -> None:
            template, ids, query, headers, method = request
            path = template
            for name, value in zip(_names(template), ids, strict=False):
                path = path.replace(
                    "{" + name + "}", quote(value.encode("utf-8", "surrogatepass"), safe="") or "x"
                )
            answer = runner.run(client.request(method, path, params=query, headers=headers))
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            assert answer.status_code in {200, 304, 308, 404, 410, 422}, (path, query)

        ask()
        runner.run(client.aclose())
        runner.run(lifespan.__aexit__(None, None, None))
    assert {200, 404, 422} <= statuses.keys(), statuses


def _names(template: str) -> list[Any]:
    return [part[1:-1] for part in template.split("/") if part.startswith("{")]
