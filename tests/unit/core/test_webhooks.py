"""Webhooks without a network: which addresses, which signatures, which pauses, which words of a filter."""

from __future__ import annotations

import datetime as dt
import inspect
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from services.api.filters import get_timeline_filter
from services.api.push import PushedFeed
from services.cli.webhooks import filter_of
from services.core.errors import InvalidInput
from services.core.webhooks import messages, signing
from services.core.webhooks.addresses import Reach
from services.core.webhooks.feed import FilterUnknown
from services.core.webhooks.filters import WebhookFilter, checked_words
from services.core.webhooks.schedule import DAY, HELD, PAUSES, next_attempt, resume_after
from services.core.webhooks.targets import TargetRefused, checked_target

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
NOTHING = dt.timedelta(0)

INSIDE = [
    "0.0.0.0",  # noqa: S104 - an address like the others
    "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.1.1", "172.16.0.1", "192.0.2.1",
    "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "2001::1", "100::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "nonsense", "",
]  # fmt: skip
METADATA = [
    "169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "64:ff9b::169.254.169.254", "::ffff:169.254.169.254",
]  # fmt: skip
OUTSIDE = [
    "93.184.215.14",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
    "::ffff:1.1.1.1",
]


@pytest.mark.parametrize("address", INSIDE + METADATA)
def test_what_lies_inside_is_not_reached(address: str) -> None:
    assert not Reach().allows(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_is(address: str) -> None:
    assert Reach().allows(address)
    assert not Reach().names(address)


def test_the_operator_names_exceptions() -> None:
    reach = Reach(["10.0.0.0/8", "fd12::/16", "169.254.0.0/16", "127.0.0.1"])
    for address in ("10.9.8.7", "fd12::1", "127.0.0.1", "::ffff:127.0.0.1"):
        assert reach.allows(address)
        assert reach.names(address)
    for address in ("192.168.1.1", "127.0.0.2", "64:ff9b::10.0.0.1", "169.254.169.254"):
        assert not reach.allows(address), "metadata services only by their very address"
    assert Reach(["169.254.169.254"]).allows("169.254.169.254")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://localhost:8377/", "https://LOCALHOST/", "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest/meta-data", "http://example.org@127.0.0.1/",
        "http://1.1.1.1/", "gopher://example.org/", "file:///etc/passwd", "https://", "//example.org", "example.org",
        "https://example.org:99999/", " https://example.org/", "https://exa mple.org/", "https://example.org/\r\nX: y",
    ],
)  # fmt: skip
def test_targets_that_nothing_is_sent_to(url: str) -> None:
    with pytest.raises(TargetRefused):
        checked_target(url, Reach())


def test_targets_are_kept_in_their_normal_form() -> None:
    assert checked_target("HTTPS://Example.ORG/a b?c=d", Reach()) == "https://example.org/a%20b?c=d"
    assert checked_target("https://bücher.example/", Reach()) == "https://xn--bcher-kva.example/"
    assert checked_target("http://127.0.0.1:9/x", Reach(["127.0.0.0/8"])) == "http://127.0.0.1:9/x"
    assert checked_target("http://example.org/", Reach())  # a name's address is known when it is sent to


@settings(deadline=None)
@given(st.binary(max_size=200).map(lambda data: data.hex()))
def test_the_published_library_finds_our_signatures_right(body: str) -> None:
    old, new = signing.new_secret(), signing.new_secret()
    at = dt.datetime.now(dt.UTC)
    headers = signing.headers("6b1f0c3e-5f0e-5a54-9d0b-1f6d1a0c7e21", at, f'"{body}"'.encode(), [new, old])
    for secret in (old, new):
        assert StandardWebhook(signing.reveal(secret)).verify(f'"{body}"', headers) == body
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(signing.reveal(signing.new_secret())).verify(f'"{body}"', headers)
    with pytest.raises(WebhookVerificationError):
        StandardWebhook(signing.reveal(new)).verify(f'"{body} "', headers)


def test_pauses_grow_and_end_a_day_after_the_first_failure() -> None:
    now, attempts = NOW, [NOW]
    for failures in range(1, 100):
        following = next_attempt(now, NOW, failures, 1.0, NOTHING)
        if following is None:
            break
        attempts.append(now := following)
    assert attempts[-1] == NOW + DAY
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(attempts)]
    assert gaps[: len(PAUSES)] == list(PAUSES)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.floats(0.8, 1.2), st.integers(0, 10**7))
def test_no_pause_is_longer_than_it_may_be(failures: int, factor: float, asked: int) -> None:
    wanted = dt.timedelta(seconds=asked)
    following = next_attempt(NOW, NOW, failures, factor, wanted)
    assert following is not None
    assert NOW < following <= NOW + DAY
    resumed = resume_after(NOW, failures, factor, wanted)
    assert (
        min(wanted, DAY)
        <= resumed - NOW
        <= max(dt.timedelta(seconds=PAUSES[HELD - 1] * 1.2), min(wanted, DAY))
    )


def test_a_wish_beyond_the_calendar_ends_after_a_day_too() -> None:
    now = dt.datetime.now(dt.UTC)
    asked = dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=12))) - now
    assert next_attempt(now, now, 1, 1.0, asked) == now + DAY
    assert resume_after(now, 1, 1.0, asked) == now + DAY


def test_a_webhooks_filter_has_the_timelines_words() -> None:
    ours = {field.alias or name for name, field in WebhookFilter.model_fields.items()}
    theirs = {
        "from" if name == "from_" else name for name in inspect.signature(get_timeline_filter).parameters
    }
    assert ours == theirs


def test_every_word_of_a_filter_means_the_same_when_it_is_read_again() -> None:
    posted: dict[str, Any] = {
        "actor": ["nato"], "recipient": ["russia"], "speaker": ["Lavrov"], "kind": ["rejection"], "plover": ["REJECT"],
        "proposition": ["moratorium"], "outlet": ["TASS"], "from": "2019", "to": "2019-08", "status": "actual",
        "min_outlets": 2, "min_stories": 1, "q": "range",
    }  # fmt: skip
    words = checked_words(WebhookFilter.model_validate(posted), "inf")
    assert words == {"dossier": "inf"} | posted
    chosen = PushedFeed().filter_of(words)
    assert (chosen.plover, chosen.from_, chosen.to) == ({"REJECT"}, dt.date(2019, 1, 1), dt.date(2019, 8, 31))
    assert (chosen.min_outlets, chosen.outlet, "sergey-lavrov" in chosen.person) == (2, {"tass"}, True)
    assert (
        filter_of(
            [f"{name}={v}" for name, vs in posted.items() for v in (vs if isinstance(vs, list) else [vs])]
        )
        == posted
    )
    with pytest.raises(FilterUnknown):
        PushedFeed().filter_of(words | {"actor": ["atlantis"]})
    with pytest.raises(InvalidInput):
        checked_words(WebhookFilter.model_validate({"dossier": "../inf"}), "inf")


def test_a_message_is_a_cloud_event() -> None:
    body = messages.change_message(
        "entry.added", position=12, number=3, subject="x", recorded_at=NOW, data=b'{"id":"x"}'
    )
    assert body == (
        b'{"specversion":"1.0","source":"/treatyline/timeline","type":"entry.added","id":"12.3","subject":"x",'
        b'"time":"2026-11-22T00:00:00Z","sequence":"00000000000000000012.00003",'
        b'"datacontenttype":"application/json","data":{"id":"x"}}'
    )
