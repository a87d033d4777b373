"""What the client asks for, and what it makes of answers."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import subprocess
import sys

import httpx2
import pytest

from services.api.schemas import actors, articles, parts, positions, timeline
from services.client import AsyncClient, Client, Invalid, NewArticle, UnexpectedAnswer, endpoints, models
from services.client.calls import params_of
from services.client.connection import http_options
from services.ingest import documents, webhook_schemas
from services.ingest import schemas as ingest_schemas


def test_words_of_a_query() -> None:
    noon = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    asked = {
        "actor": ["nato", "usa"], "kind": "rejection", "from_": dt.date(2019, 8, 2), "q": None, "contested": False,
        "known_at": noon, "min_outlets": 2,
    }  # fmt: skip
    assert params_of(asked) == [
        ("actor", "nato"), ("actor", "usa"), ("kind", "rejection"), ("from", "2019-08-02"), ("contested", "false"),
        ("known_at", "2026-11-22T12:00:00+00:00"), ("min_outlets", "2"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="time zone"):
        params_of({"known_at": dt.datetime(2026, 11, 22)})  # noqa: DTZ001 - that is the point


def test_every_form_of_an_article_is_sent_as_it_is() -> None:
    plain = endpoints.post(NewArticle(text="Words – кириллица.", published_at=dt.date(2019, 8, 2)))
    assert json.loads(plain.content or b"") == {"text": "Words – кириллица.", "published_at": "2019-08-02"}
    assert plain.headers["Content-Type"] == "application/json"
    item = {"uri": "urn:x:1", "bodies": [{"value": "Words."}]}
    assert json.loads(endpoints.post(item).content or b"") == item
    page = endpoints.post(
        "<p>ü", media_type="text/html", address="https://a.example/1", idempotency_key='a"b\\'
    )
    assert page.content == "<p>ü".encode()
    assert page.headers == {
        "Content-Type": "text/html",
        "Content-Location": "https://a.example/1",
        "Idempotency-Key": '"a\\"b\\\\"',
    }
    with pytest.raises(ValueError, match="ASCII"):
        endpoints.post(item, idempotency_key="schlüssel")
    with pytest.raises(TypeError, match="no JSON"):
        endpoints.post({"text": object()})


def test_many_articles_go_in_requests_that_the_service_takes() -> None:
    calls = list(endpoints.batches({"text": f"{n}"} for n in range(2_001)))
    assert [len((call.content or b"").splitlines()) for call in calls] == [1000, 1000, 1]
    large = list(endpoints.batches([{"text": "x" * 3_000_000}] * 3))
    assert len(large) == 3
    assert list(endpoints.batches([])) == []
    for nothing in ("{\n}", "", b" "):  # a blank line has no outcome
        with pytest.raises(ValueError, match="one line"):
            list(endpoints.batches([nothing]))
    answer = httpx2.Response(
        200, content=b'{"line": 1, "status": 202, "id": "a"}\n', request=_request("POST")
    )
    assert [result.line for result in calls[2].answer(answer)] == [2001]


def test_an_id_leads_nowhere_else() -> None:
    assert endpoints.article("a/../../metrics?x#y").path == "/v1/articles/a%2F..%2F..%2Fmetrics%3Fx%23y"
    for name in ("", ".", ".."):
        with pytest.raises(ValueError, match="id is wanted"):
            endpoints.article(name)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8377",
        "127.0.0.1",
        "ftp://x",
        "http://",
        "http://x:port",
        "http://x?q",
        "http://u:p@x",
        "",
        "http://[::1",
        "http://999.1.1.1",
        "http://a..b",
        "http://x\ny",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="wants the form"):
        Client(url)


@pytest.mark.parametrize("key", ["", "tl_a b", "tl_ä", "tl_a\nb"])
def test_a_key_that_is_none_is_refused_at_once(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        Client(key=key)


def test_no_proxy_stands_between_a_client_and_its_own_machine() -> None:
    trusts = {url: http_options(url, None)["trust_env"] for url in
              ("http://127.0.0.1:1", "http://localhost", "http://[::1]:2", "https://treatyline.example")}  # fmt: skip
    assert list(trusts.values()) == [False, False, False, True]


def _request(method: str = "GET") -> httpx2.Request:
    return httpx2.Request(method, "http://service.example/v1/x?key=secret")


def test_what_is_not_this_service_is_told_as_such() -> None:
    for answer in (
        httpx2.Response(200, text="<h1>It works!</h1>", request=_request()),
        httpx2.Response(200, json={"id": 7}, request=_request()),
        httpx2.Response(200, json=[], request=_request()),
        httpx2.Response(304, request=_request()),
    ):
        with pytest.raises(UnexpectedAnswer) as caught:
            endpoints.article("a").answer(answer)
        assert "secret" not in str(caught.value)
    with pytest.raises(Invalid, match="418"):  # a proxy's own page
        endpoints.article("a").answer(httpx2.Response(418, text="<h1>", request=_request()))


def test_fields_of_a_newer_release_are_no_error() -> None:
    told = {"id": "a", "state": "new words", "global_position": 3, "review": {"by": "me"}}
    taken = models.Taken.model_validate(told)
    assert taken.model_extra == {"review": {"by": "me"}}
    assert taken.model_dump(exclude_unset=True) == told


PAIRS = [
    (models.Entry, timeline.Entry), (models.EntryDetail, timeline.EntryDetail), (models.Mention, timeline.Mention),
    (models.EntryVersion, timeline.EntryVersionShown), (models.Statement, positions.StatedShown),
    (models.Review, parts.Review), (models.Position, positions.PositionShown), (models.ChangeOfStance, positions.ChangeOfStance),
    (models.Actor, actors.ActorShown), (models.ActorDetail, actors.ActorDetail),
    (models.Speaker, actors.SpeakerShown), (models.Article, articles.ArticleShown),
    (models.ArticleDetail, articles.ArticleDetail), (models.Reading, articles.ReadingShown),
    (models.ReadPosition, articles.ReadPosition), (models.ReadEvent, articles.ReadPoliticalEvent),
    (models.Quotation, parts.QuotationShown), (models.Revision, articles.RevisionShown),
    (models.EntryChange, timeline.EntryChange), (models.EntryGone, timeline.EntryGone),
    (models.PositionChange, positions.PositionChange), (models.PositionGone, positions.PositionGone),
    (models.NewArticle, ingest_schemas.PlainArticle), (models.Taken, ingest_schemas.ArticleTaken),
    (models.Webhook, webhook_schemas.WebhookMade), (models.BulkResult, documents.BulkResult),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda model: model.__name__)
def test_the_client_knows_fields_that_the_service_has(ours: type, theirs: type) -> None:
    there = {field.alias or name for name, field in theirs.model_fields.items()}  # type: ignore[attr-defined]
    here = {field.alias or name: field for name, field in ours.model_fields.items()}  # type: ignore[attr-defined]
    assert here.keys() - there == set()
    always = {
        field.alias or name for name, field in theirs.model_fields.items() if field.is_required()  # type: ignore[attr-defined]
    }  # fmt: skip
    assert {name for name, field in here.items() if field.is_required()} <= always


def test_both_clients_do_the_same() -> None:
    def offers(client: type) -> dict[str, list[str]]:
        found = {name: value for name, value in vars(client).items() if callable(value) and name[0] != "_"}
        return {name: list(inspect.signature(value).parameters) for name, value in found.items()}

    assert offers(Client) == offers(AsyncClient)
    assert str(inspect.signature(Client.post)).endswith("-> 'Posted'")
    assert str(inspect.signature(AsyncClient.timeline)).endswith("-> 'AsyncPages[Entry]'")
    assert all(inspect.getdoc(getattr(Client, name)) for name in offers(Client))


def test_it_brings_nothing_else_of_treatyline_with_it() -> None:
    code = (
        "import sys, services.client\n"
        "print([m for m in sys.modules if m.startswith(('services.', 'workers'))"
        " and not m.startswith('services.client')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
