"""CSV for spreadsheets (RFC 4180) and JSON Lines for scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from services.api.exports.lines import Line, rfc3339
from services.api.exports.safety import cell
from services.core.web.responses import json_bytes

CSV = "text/csv"
JSONL = "application/jsonl"
BOM = b"\xef\xbb\xbf"

COLUMNS = (
    "id", "date", "precision", "status", "kind", "kind_label", "plover", "plover_mode", "actors", "recipients",
    "summary", "confidence", "mentions", "outlets", "stories", "outlet", "url", "published_at", "speaker",
    "page", "recorded_at", "updated_at", "version",
)  # fmt: skip


class CsvTable:
    """Writes a table part by part: an entry a row, with its first source. `bom`: Excel knows UTF-8 by it."""

    def __init__(self, *, bom: bool) -> None:
        self._bom = bom

    def head(self) -> bytes:
        return (BOM if self._bom else b"") + rows([COLUMNS])

    def part(self, lines: Sequence[Line]) -> bytes:
        return rows([[_shown(value) for value in _row(line)] for line in lines])

    def tail(self) -> bytes:
        return b""


def _row(line: Line) -> tuple[Any, ...]:
    entry, counts = line.entry, line.entry["counts"]
    first = line.sources[0] if line.sources else None
    return (
        entry["id"], entry["date"], entry["precision"], entry["status"], entry["kind"], line.kind,
        entry["plover"], entry["plover_mode"], "; ".join(entry["actors"]), "; ".join(entry["recipients"]),
        entry["summary"], entry["confidence"], counts["mentions"], counts["outlets"], counts["stories"],
        first and first.outlet, first and first.url, first and first.published_at, first and first.speaker,
        line.page, rfc3339(line.published), rfc3339(line.updated), entry["version"],
    )  # fmt: skip


def _shown(value: Any) -> Any:
    """Numbers stay numbers; words cannot become formulas."""
    return cell(value) if isinstance(value, str) else value


def rows(table: Iterable[Iterable[Any]], *, delimiter: str = ",", end: str = "\r\n") -> bytes:
    """Rows as a table's text."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(table)
    return text.getvalue().encode()


class JsonLines:
    """Writes every entry as `GET /v1/timeline` has it, one a line."""

    def head(self) -> bytes:
        return b""

    def part(self, lines: Sequence[Line]) -> bytes:
        return b"".join(json_bytes(line.entry) + b"\n" for line in lines)

    def tail(self) -> bytes:
        return b""
