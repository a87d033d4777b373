"""docs/benchmarks.md, from the results of a whole run and benchmarks/notes.md."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path

import orjson

from benchmarks.frame import Row, goal, number, spread
from services.cli.embedded.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[1]
PAGE = Path("docs/benchmarks.md")
NOTES = Path(__file__).with_name("notes.md")
PACKAGES = (
    "psycopg",
    "orjson",
    "pydantic",
    "fastapi",
    "uvicorn",
    "celery",
    "spacy",
    "onnxruntime",
    "eventsourcing",
)

OPENING = """# How fast it is

Written by `make bench` ({took:.0f} minutes), which measures everything again; `python -m benchmarks append` measures one
row's script, `--quick` tries it. Each row with a bare limit is measured by turns with it, in the same run on the
same machine; the ratio is taken round by round, its median counts, lowest and highest are shown. Absolute
figures are for orientation: they are those of this machine.

{machine}

| | what | ours | bare limit | ratio or figure | lowest – highest | to reach | |
| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |
"""


def load(results: Path) -> list[Row]:
    """The rows of a run, those measured twice as they were measured last."""
    names = {field.name for field in fields(Row)}
    rows: dict[tuple[str, str], Row] = {}
    for text in results.read_bytes().splitlines() if results.exists() else ():
        row = Row(**{name: value for name, value in orjson.loads(text).items() if name in names})
        rows[row.topic, row.what] = row
    return list(rows.values())


def write(results: Path, *, took: float, failed: Sequence[str]) -> None:
    """Writes the page anew."""
    (ROOT / PAGE).write_text(page(load(results), took=took, failed=failed), encoding="utf-8")


def page(rows: Sequence[Row], *, took: float, failed: Sequence[str]) -> str:
    """The page's text."""
    parts = [OPENING.format(took=took / 60, machine=machine())]
    topic = ""
    for row in rows:
        parts.append(_table_row(row, "" if row.topic == topic else row.topic))
        topic = row.topic
    if failed:
        parts.append(f"\nNot brought to an end in this run: {', '.join(failed)}.\n")
    topics = {row.topic for row in rows}
    for name, text in notes().items():
        if name in topics:
            parts.append(f"\n## {name.capitalize()}\n\n{text}\n")
    return "".join(parts)


def _table_row(row: Row, topic: str) -> str:
    bare = "" if row.bare is None else f"{number(statistics.median(row.bare))} {row.bare_is}".strip()
    cells = [
        topic,
        row.what,
        f"{number(statistics.median(row.ours))} {row.unit}",
        bare,
        f"**{number(row.median)}**",
        spread(row),
        goal(row),
        {True: "reached", False: "not reached", None: ""}[row.reached],
    ]
    return "| " + " | ".join(cells) + " |\n"


def notes() -> dict[str, str]:
    """What notes.md says, by topic."""
    if not NOTES.exists():
        return {}
    found = re.split(r"^## (.+)$", NOTES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {name.strip(): text.strip() for name, text in zip(found[::2], found[1::2], strict=True)}


def machine() -> str:
    """When and on what it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {time.strftime('%Y-%m-%d')}: {_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"{_postgres()}; {packages}."
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()


def _postgres() -> str:
    """The embedded server's version."""
    command = [str(EmbeddedPostgres(ROOT / "unused").bin / "postgres"), "--version"]
    said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return " ".join(said.replace("postgres (", "").replace(")", "").split()) or "PostgreSQL"
