"""Packed arrays are byte for byte what the driver makes of a list."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.numeric import Int4, Int8

from services.core.eventstore.arrays import BIGINT, BYTEA, INTEGER, TEXT, UUID, bigint, integer, pack

ID = uuid.UUID("0af76519-16cd-43dd-8448-eb211c80319c")


@pytest.mark.parametrize(
    ("element", "raw", "values"),
    [
        (TEXT, [b"a", b"", "“слово”".encode()], ["a", "", "“слово”"]),
        (TEXT, [None, b"b", None], [None, "b", None]),
        (UUID, [ID.bytes, bytes(16)], [ID, uuid.UUID(int=0)]),
        (BYTEA, [b"\x00\xff", b""], [b"\x00\xff", b""]),
        (INTEGER, [integer(1), integer(-(2**31))], [Int4(1), Int4(-(2**31))]),
        (BIGINT, [bigint(2**62), None, bigint(-1)], [Int8(2**62), None, Int8(-1)]),
    ],
)
def test_a_packed_array_is_what_the_driver_makes(
    element: int, raw: list[bytes | None], values: list[Any]
) -> None:
    dumper = Transformer().get_dumper(values, PyFormat.BINARY)
    assert pack(element, raw).raw == dumper.dump(values)


def test_an_empty_array_has_no_dimension() -> None:
    assert pack(TEXT, []).raw == bytes.fromhex("00000000 00000000 00000019")
