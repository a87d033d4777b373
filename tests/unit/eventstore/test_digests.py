"""Digests are part of the format: a changed formula would make every log look tampered with."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.eventstore.bodies import Body, body_sha256, text_sha256
from services.core.eventstore.seals import NO_DIGEST, SealRow, seal_digest


def test_a_body_by_hand() -> None:
    # printf '%s' '["T",null,"Слово \"x\"\n"]' | sha256sum
    assert body_sha256("T", None, 'Слово "x"\n').hex() == (
        "3762322cf73ee6293a572edcb35145ffc84e1448c5c74b442a4542ee64daf1d7"
    )
    # printf '%s' 'Слово' | sha256sum
    assert text_sha256("Слово").hex() == "565c638624fdca3844c3eec1a711e3af2a3fc9effa27069723f2ef53418cf913"


def test_a_seal_by_hand() -> None:
    # printf of 8-byte 1, 1, 1, then 64 zero bytes
    seal = SealRow(1, 1, 1, bytes(32), NO_DIGEST, b"", datetime(2020, 1, 1, tzinfo=UTC))
    assert seal_digest(seal).hex() == "597a241c24cb81608517bef398d701451e9c3a7931af011ea79242c1cc6cc4ee"
    assert SealRow(*seal[:5], seal_digest(seal), seal.sealed_at).printed == f"1:{seal_digest(seal).hex()}"


words = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


@settings(deadline=None)
@given(words, words, words, words)
def test_no_two_bodies_share_a_key(a: str | None, b: str | None, c: str | None, d: str | None) -> None:
    first, second = Body(a, b, "text"), Body(c, d, "text")
    assert (first.sha256 == second.sha256) == (first == second)
