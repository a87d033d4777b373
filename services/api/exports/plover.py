"""Entries in the forty columns of POLECAT, the PLOVER event data, as far as the data go; the rest stays empty.

One row for each entry that PLOVER has a type for; several actors are told apart by semicolons. A date is cut to
its precision and never made finer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from services.api.exports.countries import CODES
from services.api.exports.lines import Line
from services.api.exports.safety import cell_of_line
from services.api.exports.tables import rows

TSV = "text/tab-separated-values"

COLUMNS = (
    "Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts",
    "Actor Name", "Actor Country", "Actor COW", "Primary Actor Sector", "Actor Sectors", "Actor Title",
    "Actor Name Raw", "Wikipedia Actor ID",
    "Recipient Name", "Recipient Country", "Recipient COW", "Primary Recipient Sector", "Recipient Sectors",
    "Recipient Title", "Recipient Name Raw", "Wikipedia Recipient ID",
    "Placename", "City", "District", "Province", "Country", "Latitude", "Longitude", "GeoNames ID", "Raw Placename",
    "Feature Type", "Source", "Publication Date", "Story People", "Story Organizations", "Story Locations",
    "Language", "Version",
)  # fmt: skip

# PLOVER's scores: of the type, and of its modes where they have one of their own.
INTENSITY: Mapping[str, tuple[float, Mapping[str, float]]] = {
    "AGREE": (2.5, {}),
    "CONSULT": (2.5, {"visit": 4, "third-party": 1, "multilateral": 4, "phone": 1.5}),
    "SUPPORT": (5, {}),
    "CONCEDE": (4.5, {}),
    "COOPERATE": (9.5, {}),
    "AID": (10, {}),
    "RETREAT": (6.5, {"withdraw": 8, "release": 6.5, "disarm": 10, "ceasefire": 7.5, "access": 6.5,
                      "resign": 4.5}),
    "REQUEST": (0, {"assist": 0.5, "change": -1, "yield": -1, "meet": 0}),
    # The codebook prints 3 for the type; all of its modes are below zero, so a type without a mode has none here.
    "ACCUSE": (float("nan"), {"disapprove": -2, "investigate": -3.5, "allege": -3.5}),
    "REJECT": (-2, {"assist": -1.5, "change": -2, "yield": -2, "meet": -2}),
    "THREATEN": (-3.5, {"restrict": -3, "arrest": -3.5, "relations": -3.5, "expel": -3.5, "territory": -4,
                        "violence": -3.5}),
    "PROTEST": (-5, {"demo": -5, "riot": -7, "strike": -5, "hunger": -4.5, "boycott": -4.5, "obstruct": -4.5}),
    "SANCTION": (-6, {"convict": -6, "expel": -5.5, "withdraw": -6, "discontinue": -6}),
    "MOBILIZE": (-5.5, {"troops": -6.5, "weapons": -6.5, "police": -5.5, "militia": -6}),
    "COERCE": (-7, {"seize": -7, "restrict": -7, "censor": -6.5, "curfew": -6.5, "martial-law": -7.5,
                    "arrest": -7, "deport": -7, "withhold": -7, "misinformation": -6.5, "cyber": -7}),
    "ASSAULT": (-9, {"abduct": -8.5, "beat": -7.5, "torture": -8.5, "sexual": -8.5, "targeted": -9.5,
                     "destroy": -8.5, "primitive": -8, "firearms": -9, "explosives": -9, "suicide-attack": -9.5,
                     "aerial": -9.5, "drone": -9.5, "heavy-weapons": -9.5, "crowd-control": -7.5,
                     "unconventional": -10}),
}  # fmt: skip

# Verbal cooperation, material cooperation, verbal conflict, material conflict.
_QUADS = (
    ("AGREE", "CONSULT", "SUPPORT", "CONCEDE"),
    ("COOPERATE", "AID", "RETREAT"),
    ("REQUEST", "ACCUSE", "REJECT", "THREATEN"),
    ("PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"),
)
QUAD = {type_: number for number, types in enumerate(_QUADS, 1) for type_ in types}

_SECTORS = {"state": "GOV", "alliance": "IGO", "organisation": "IGO"}


class PloverTable:
    """Writes the table part by part."""

    def head(self) -> bytes:
        return _rows([COLUMNS])

    def part(self, lines: Sequence[Line]) -> bytes:
        return _rows([_row(line) for line in lines if line.entry["plover"] in INTENSITY])

    def tail(self) -> bytes:
        return b""


def _rows(table: Sequence[Sequence[Any]]) -> bytes:
    return rows(table, delimiter="\t", end="\n")


def _row(line: Line) -> list[Any]:
    entry = line.entry
    first = line.sources[0] if line.sources else None
    speakers = dict.fromkeys(source.speaker for source in line.sources if source.speaker)
    known = {
        "Event ID": entry["id"],
        "Event Date": entry["date"],
        "Event Type": entry["plover"],
        "Event Mode": entry["plover_mode"],
        "Intensity": intensity(entry["plover"], entry["plover_mode"]),
        "Quad Code": QUAD[entry["plover"]],
        **_parties(line, "Actor", entry["actors"], line.actors),
        **_parties(line, "Recipient", entry["recipients"], line.recipients),
        "Source": first and first.outlet,
        "Publication Date": first and first.published_at and first.published_at[:10],
        "Story People": ";".join(speakers),
        "Version": f"treatyline-{version('treatyline')}",
    }
    values = (known.get(column) for column in COLUMNS)
    return [cell_of_line(value) if isinstance(value, str) else value for value in values]


def intensity(type_: str, mode: str | None) -> float | None:
    """PLOVER's score of a type and mode, None where it has none."""
    of_type, of_modes = INTENSITY[type_]
    score = of_modes.get((mode or "").lower(), of_type)
    return None if score != score else score  # noqa: PLR0124 - NaN


def _parties(line: Line, role: str, ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    actors = line.dossier.actors
    sectors = [_SECTORS.get(actors[id_].type, "") if id_ in actors else "" for id_ in ids]
    codes = [CODES.get(id_) for id_ in ids]
    return {
        f"{role} Name": ";".join(names),
        f"{role} Country": ";".join(c.iso if c else "" for c in codes),
        f"{role} COW": ";".join(str(c.cow) if c and c.cow else "" for c in codes),
        f"Primary {role} Sector": sectors[0] if sectors else "",
        f"{role} Sectors": ";".join(sectors),
    }
