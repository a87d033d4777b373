"""Webhooks cannot reach inside: not by name, not by redirect, not by a name that changes its mind."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.core.webhooks.addresses import Reach
from tests.integration.webhook_receiver import Receiver, answer, receiving, trusting
from workers import webhook_calls
from workers.webhook_calls import Answer, Caller, Resolve

pytestmark = pytest.mark.anyio

HEADERS = {"webhook-id": "1"}
CERTIFICATE = Path(__file__).with_name("desk.example.pem")  # and its key; good for nothing but this


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


def names(**addresses: list[str]) -> Resolve:
    """A resolver that knows these names alone, and gives the addresses of one name in turn where they are lists."""
    asked: dict[str, int] = {}

    async def resolve(host: str, port: int) -> list[str]:
        found = addresses.get(host.replace(".", "_"))
        if found is None:
            raise socket.gaierror("no such name")
        turn = asked[host] = asked.get(host, -1) + 1
        return found[min(turn, len(found) - 1)].split()

    return resolve


async def call(
    url: str,
    resolving: Resolve = webhook_calls.resolve,
    networks: tuple[str, ...] = (),
    seconds: float = 20,
    context: ssl.SSLContext | None = None,
) -> Answer:
    caller = Caller(
        Reach(networks), seconds=seconds, user_agent="test", resolve=resolving, context=context or trusting()
    )
    try:
        return await caller.post(url, b"{}", HEADERS, dt.datetime.now(dt.UTC))
    finally:
        await caller.aclose()


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "10.0.0.1", "::1", "fe80::1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::"],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_refused(receiver: Receiver, addresses: str) -> None:
    port = receiver.url.split(":")[2]
    resolving = names(evil_example=[addresses])
    for scheme in ("https", "http"):
        assert (await call(f"{scheme}://evil.example:{port}", resolving)).error == "address-refused"
    assert receiver.messages == []


async def test_numbers_that_mean_an_address_are_resolved_first(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    for host in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1"):
        refused = await call(f"https://{host}:{port}/")
        assert refused.error in {"address-refused", "not-resolved"}, host
    assert receiver.messages == []


async def test_the_operator_can_let_it(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2]
    resolving = names(desk_example=["127.0.0.1"])
    taken = await call(f"http://desk.example:{port}", resolving, ("127.0.0.0/8",))
    assert taken.status == 204
    assert receiver.messages[0].headers["host"] == f"desk.example:{port.split('/')[0]}"


async def test_the_address_that_was_checked_is_the_one_that_is_reached(receiver: Receiver) -> None:
    """A name that is fine when it is looked at and leads inside when it is called (DNS rebinding)."""
    port = receiver.url.split(":")[2]
    resolving = names(evil_example=["127.0.0.1", "10.0.0.1"], other_example=["10.0.0.1", "127.0.0.1"])
    reach = ("127.0.0.1",)  # stands for the internet
    assert (await call(f"http://evil.example:{port}", resolving, reach)).status == 204
    assert (await call(f"http://evil.example:{port}", resolving, reach)).error == "address-refused"
    assert (await call(f"http://other.example:{port}", resolving, reach)).error == "address-refused"
    assert len(receiver.messages) == 1
    # Of several addresses those inside are left out.
    both = names(both_example=["10.0.0.1 127.0.0.1"])
    assert (await call(f"http://both.example:{port}", both, reach)).status == 204


async def test_http_goes_only_to_networks_that_are_named(receiver: Receiver) -> None:
    port = receiver.url.split(":")[2]
    assert (
        await call(f"http://fine.example:{port}", names(fine_example=["1.1.1.1"]))
    ).error == "address-refused"


async def test_a_redirect_that_leads_inside_is_refused(receiver: Receiver) -> None:
    async with receiving() as inside:
        port = inside.url.split(":")[2]
        resolving = names(evil_example=["127.0.0.2"])
        for location in (
            f"http://127.0.0.2:{port}", f"http://localhost:{port}", "http://169.254.169.254/latest/meta-data",
            f"http://evil.example:{port}", "file:///etc/passwd", "http://user@127.0.0.1/", "",
        ):  # fmt: skip
            receiver.answers = [answer(307, Location=location)]
            refused = await call(receiver.url.replace("127.0.0.1", "127.0.0.1"), resolving, ("127.0.0.1",))
            assert not refused.good, location
        assert inside.messages == []


@pytest.mark.parametrize("location", ["https://[::1", "https://a b\x7f/"])
async def test_a_redirect_to_no_address_is_refused(receiver: Receiver, location: str) -> None:
    receiver.answers = [answer(307, Location=location)]
    found = await call(receiver.url, networks=("127.0.0.1",))
    assert (found.status, found.error) == (307, "redirect-refused")


async def test_a_redirect_that_passes_the_check_is_followed_a_few_times(receiver: Receiver) -> None:
    async with receiving() as other:
        receiver.answers = [answer(308, Location=other.url)]
        assert (await call(receiver.url, networks=("127.0.0.1",))).status == 204
        assert (other.messages[0].body, other.messages[0].id) == (b"{}", "1")
        receiver.always = answer(307, Location="/round/and/round")
        assert (await call(receiver.url, networks=("127.0.0.1",))).error == "redirect-refused"
        assert len(receiver.messages) == 5
        receiver.always = answer(302, Location=other.url)  # would become a GET: is an answer like another
        assert (await call(receiver.url, networks=("127.0.0.1",))) == Answer(302)
        assert len(other.messages) == 1


async def test_names_that_there_are_not_and_ports_where_nobody_listens() -> None:
    assert (await call("https://nothing.example/", names())).error == "not-resolved"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert (await call(f"http://127.0.0.1:{port}/", networks=("127.0.0.1",))).error == "not-reached"


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address() -> None:
    resolving = names(desk_example=["127.0.0.1"], other_example=["127.0.0.1"])
    knowing = ssl.create_default_context(cafile=CERTIFICATE)
    async with receiving(certificate=CERTIFICATE) as receiver:
        port = receiver.url.split(":")[2]
        for host, context, error in (
            ("desk.example", knowing, None),
            ("other.example", knowing, "tls"),
            ("desk.example", None, "tls"),
        ):
            reach = ("127.0.0.1",)
            said = await call(f"https://{host}:{port}", resolving, reach, context=context)
            assert said.error == error, host
    assert len(receiver.messages) == 1


async def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, receiver.url)
    resolving = names(evil_example=["10.0.0.1"])
    assert (await call("https://evil.example/", resolving)).error == "address-refused"
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("Fri, 31 Dec 2199 23:59:59 GMT", 10**9),
        ("soon", 0),
        ("-5", 0),
        ("9" * 99, 0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", 0),
    ],
)
async def test_retry_after_is_read(receiver: Receiver, said: str, seconds: int) -> None:
    receiver.answers = [answer(503, Retry_After=said)]
    asked = (await call(receiver.url, networks=("127.0.0.1",))).retry_after.total_seconds()
    assert asked == seconds if seconds < 10**9 else asked > seconds
