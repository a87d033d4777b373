"""Rows that the projections copy come out as they went in, whatever their texts hold."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from services.core.projections.copying import copy_rows, plain

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(
    [
        "",
        "null",
        "\\.",
        "\\N",
        'said "no"',
        'ends in \\"',
        "back\\slash",
        "a,b",
        "two\r\nlines\t",
        "a],[b",
        "],[",
        "{}",
        "Ñ\u2028\x7f",
    ]
)
optional = st.none() | texts
rows = st.lists(
    st.tuples(
        optional,
        st.lists(texts, max_size=4),
        st.none() | st.datetimes(dt.datetime(1900, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - asked for
        st.none() | st.dates(dt.date(1900, 1, 1)),
        st.none() | st.uuids(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.dictionaries(texts, optional, max_size=3),
        optional,
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.integers(1, 6))
def test_every_value_comes_out_as_it_went_in(
    conn: psycopg.Connection[Any], written: list[tuple[Any, ...]], together: int
) -> None:
    conn.execute("DROP TABLE IF EXISTS copied")
    conn.execute(
        "CREATE TEMP TABLE copied (n int GENERATED ALWAYS AS IDENTITY, a text, b text[], c timestamptz, d date,"
        " e uuid, f double precision, g boolean, h bigint, i jsonb, j text)"
    )
    coded = ((*row[:8], None if row[8] is None else Jsonb(row[8]), row[9]) for row in written)
    with patch("services.core.projections.copying.TOGETHER", together):
        copy_rows(conn, "copied", "abcdefghij", [tuple(map(plain, row)) for row in coded])
    assert conn.execute("SELECT a, b, c, d, e, f, g, h, i, j FROM copied ORDER BY n").fetchall() == written
