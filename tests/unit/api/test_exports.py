"""Words in the formats of others: what they cannot hold, what they would take for something else."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.exports.calendars import fold
from services.api.exports.countries import CODES
from services.api.exports.plover import INTENSITY, QUAD, intensity
from services.api.exports.safety import cell, cell_of_line, html, one_line, plain
from services.api.exports.tables import rows
from services.core.domain.dossier import load_dossier
from services.core.domain.vocabulary import PloverType

ANYTHING = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@given(ANYTHING)
def test_xml_holds_whatever_was_written(text: str) -> None:
    element = ET.Element("a", b=plain(text))
    element.text = plain(text) + "]]>"
    read = ET.fromstring(ET.tostring(element, encoding="utf-8", xml_declaration=True))  # noqa: S314 - ours
    # XML reads every line break as one character (2.11).
    assert read.text == plain(text).replace("\r\n", "\n").replace("\r", "\n") + "]]>"
    assert read.get("b") is not None
    assert "\n" not in one_line(text)
    assert not set(html(text)) & set("<>\"'")


def test_what_can_be_kept_is_kept() -> None:
    assert plain("“Núñez” 🚀\t]]> \u202e") == "“Núñez” 🚀\t]]> \u202e"
    assert plain("a\x00b\x1bc\ud800d\ufffee") == "a\ufffdb\ufffdc\ufffdd\ufffde"


@given(ANYTHING)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    for shown in (cell(text), cell_of_line(text)):
        assert shown.lstrip()[:1] not in {*"=+-@＝＋－＠"} or shown == ""
        assert shown[:1] not in {"\t", "\r", "\n"}
        assert "\r" not in shown
        shown.encode()
    assert not set("\t\n") & set(cell_of_line(text))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "\ufeff=1", "\u200b=1", "＝1", "－1"],
)
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert cell(text)[0] == "'"


@pytest.mark.parametrize("text", ["Moscow;=1+1", "a\n@SUM(A1)", "a;\t ＝1", 'a;"=1+1', "a;\n;-1", "=a;=b"])
def test_no_formula_begins_where_semicolons_part_cells(text: str) -> None:
    line = rows([["id", cell(text)]]).decode()
    cells = [part.replace('"', "").strip() for part in re.split("[;\n\t]", line)]
    assert [part for part in cells if part[:1] in {*"=+-@＝＋－＠"} and part] == []


def test_long_runs_of_blanks_are_looked_at_once() -> None:
    assert cell("a" + ";\n " * 200_000) == "a" + ";\n " * 200_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usa; russia",
        "a; b-c",
        "a\n\nb",
        "2019-08-02",
        "“=1”",
        "a=b",
        "'quoted'",
        "https://a.example/?a=1",
    ],
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_long_lines_are_folded_between_characters(text: str) -> None:
    folded = fold("SUMMARY:" + text)
    lines = folded.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(line) <= 75 and line.decode() is not None for line in lines)
    assert b"".join([lines[0], *(line[1:] for line in lines[1:])]).decode() == "SUMMARY:" + text
    assert icalendar.parser.Contentlines.from_ical(folded)[0] == "SUMMARY:" + text


def test_every_type_and_mode_of_the_dossier_has_its_scores() -> None:
    assert set(INTENSITY) == set(QUAD) == set(PloverType)
    assert (intensity("SANCTION", "withdraw"), intensity("AID", None)) == (-6, 10)
    assert intensity("ACCUSE", None) is None
    for kind in load_dossier("inf").kinds.values():
        if kind.plover and kind.plover_mode:
            assert kind.plover_mode in INTENSITY[kind.plover][1]
    for of_type, of_modes in INTENSITY.values():
        assert all(-10 <= score <= 10 for score in (of_type, *of_modes.values()) if not math.isnan(score))


def test_every_state_of_the_dossier_has_its_codes() -> None:
    states = {actor.id for actor in load_dossier("inf").actors.values() if actor.type == "state"}
    assert states - CODES.keys() == set()
    assert all(len(codes.iso) == 3 and codes.iso.isupper() for codes in CODES.values())
    assert len({codes.iso for codes in CODES.values()}) == len(CODES)
