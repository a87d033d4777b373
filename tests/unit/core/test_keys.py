"""API keys, sessions, form tokens and allowances, without any server."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from services.core.access.keys import Key, KeyRecord, Scope, new_key, parse_key, scopes_of
from services.core.settings import Settings
from services.core.web.limits import Allowance, Limiter, address_of
from services.core.web.sessions import Sessions, make_sessions

SECRET = b"s" * 32


def test_a_key_is_recognised_and_no_other_is() -> None:
    key = new_key()
    assert parse_key(key.reveal()) == key
    record = KeyRecord(key.id, "x", frozenset([Scope.READ]), key.sha256)
    assert record.is_of(key)
    assert not record.is_of(Key(key.id, new_key().secret))
    assert len({new_key().reveal() for _ in range(100)}) == 100


def test_what_is_stored_and_shown_is_not_the_secret() -> None:
    key = new_key()
    record = KeyRecord(key.id, "x", frozenset(), key.sha256)
    for shown in (str(key), repr(key), repr(record), f"{key}"):
        assert key.secret.hex() not in shown
        assert repr(key.secret) not in shown
        assert repr(key.sha256) not in shown


@given(st.one_of(st.text(), st.text(string.hexdigits + "_tl").map(lambda text: "tl_" + text)))
def test_nothing_else_is_a_key(text: str) -> None:
    assert parse_key(text) is None or parse_key(text).reveal() == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change", [str.upper, lambda t: t + "\n", lambda t: t[:-1], lambda t: t.replace("_", "-")]
)
def test_a_key_that_was_changed_is_none(change: object) -> None:
    assert parse_key(change(new_key().reveal())) is None  # type: ignore[operator]


def test_scopes_do_not_imply_each_other_but_admin_does() -> None:
    for held in Scope:
        record = KeyRecord("0" * 12, "x", frozenset([held]), b"")
        assert {s for s in Scope if record.may(s)} == (set(Scope) if held is Scope.ADMIN else {held})
    assert scopes_of(["review", "everything"]) == {Scope.REVIEW}


def test_a_session_is_its_own_and_ends() -> None:
    sessions = Sessions(SECRET, 60)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        cookie = sessions.begin("0123456789ab")
        session = sessions.read(cookie)
        assert session is not None
        assert session.key_id == "0123456789ab"
        assert Sessions(b"o" * 32, 60).read(cookie) is None
        assert sessions.begin("0123456789ab") != cookie
        clock.shift(61)
        assert sessions.read(cookie) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_cookie_that_was_changed_is_none(place: int, character: str) -> None:
    sessions = Sessions(SECRET, 60)
    cookie = sessions.begin("0123456789ab")
    place %= len(cookie)
    forged = cookie[:place] + character + cookie[place + 1 :]
    assert forged == cookie or sessions.read(forged) is None
    assert sessions.read(forged + ".") is None


@given(st.text())
def test_no_text_is_a_session_or_a_form_token(text: str) -> None:
    sessions = Sessions(SECRET, 60)
    assert sessions.read(text) is None
    assert not sessions.is_form_token(text, "nonce")


def test_form_tokens_are_of_one_session_and_no_session_is_one() -> None:
    sessions = Sessions(SECRET, 60)
    token = sessions.form_token("one")
    assert sessions.is_form_token(token, "one")
    assert not sessions.is_form_token(token, "other")
    assert sessions.form_token("a") not in sessions.begin("0123456789ab")


def test_the_secret_of_sessions_is_kept_for_this_user_alone(tmp_path: Path) -> None:
    one, other = (make_sessions(Settings(data_dir=tmp_path)) for _ in range(2))
    assert other.read(one.begin("0123456789ab")) is not None
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    named = make_sessions(Settings(data_dir=tmp_path, session_secret="x" * 32))
    assert named.read(one.begin("0123456789ab")) is None


def test_without_a_place_to_keep_it_the_secret_is_the_processs_own() -> None:
    nowhere = Settings(data_dir=Path("/dev/null/x"))
    one, other = make_sessions(nowhere), make_sessions(nowhere)
    assert one.read(other.begin("0123456789ab")) is None


@pytest.mark.parametrize(
    ("host", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("socket", "socket"),
    ],
)
def test_whose_address_it_is(host: str, whose: str) -> None:
    assert address_of(host) == whose


@pytest.mark.anyio
async def test_a_window_is_a_minute_of_the_clock() -> None:
    limiter = Limiter(None)
    with time_machine.travel("2026-01-01T00:00:50Z", tick=False) as clock:
        found = [await limiter.hit("key", "a", 2) for _ in range(3)]
        assert [f.exhausted for f in found] == [False, False, True]
        assert found[0] == Allowance("key", 2, 1, 10)
        assert found[0].headers() == {"RateLimit-Policy": '"key";q=2;w=60', "RateLimit": '"key";r=1;t=10'}
        assert found[2].headers()["RateLimit"] == '"key";r=0;t=10'
        assert not (await limiter.hit("key", "b", 2)).exhausted
        assert not (await limiter.hit("address", "a", 2)).exhausted
        assert (await limiter.hit("key", "a", 2, cost=0)).exhausted
        clock.shift(10)
        assert not (await limiter.hit("key", "a", 2, cost=0)).exhausted
        assert not (await limiter.hit("key", "a", 2)).exhausted
    await limiter.close()
