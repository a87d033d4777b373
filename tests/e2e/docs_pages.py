"""The commands that the documents show, in their order, and what is to be done with each.

A fenced block of `sh` or `console` is run, unless the line before it says otherwise:

    <!-- not run: why, and what shows it instead -->
    <!-- run: up -->                   what starts the system: the test's own system has the settings that it names
    <!-- run: beside, on 8700 -->      in a terminal of its own, until the page ends; listens on that port
    <!-- run: 3 seconds -->            until then
    <!-- run: with keys -->            when all that needs no key was run

Of a `console` block the lines after `$ ` are run, and the others are what they print (`...`: anything).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(.*)$")
_MARK = re.compile(r"^<!-- (not run|run): (.+) -->$")
_BESIDE = re.compile(r"beside, on (\d+)")
_SECONDS = re.compile(r"(\d+) seconds")


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    page: str
    line: int
    language: str
    text: str
    not_run: str | None  # why
    how: str | None  # what is said of running it

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def port(self) -> int | None:
        """Where a block that runs beside listens."""
        match = _BESIDE.fullmatch(self.how or "")
        return int(match[1]) if match else None

    @property
    def seconds(self) -> int | None:
        match = _SECONDS.fullmatch(self.how or "")
        return int(match[1]) if match else None

    def steps(self) -> list[tuple[str, list[str]]]:
        """Each command with the lines that it prints. Of `sh` the whole block is one, and prints anything."""
        if self.language == "sh":
            return [(self.text, ["..."])]
        steps: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps and steps[-1][0].endswith("\\"):
                steps[-1] = (f"{steps[-1][0]}\n{line}", [])
            else:
                steps[-1][1].append(line)
        return steps


def fences(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, of whatever language."""
    name = str(page.relative_to(ROOT))
    mark: re.Match[str] | None = None
    start, language, inside = 0, "", None
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if inside is None and fence:
            start, language, inside = number, fence[1].strip(), []
        elif inside is not None and fence:
            said = mark.groups() if mark else (None, None)
            yield Block(
                name, start, language, "\n".join(inside),
                said[1] if said[0] == "not run" else None, said[1] if said[0] == "run" else None,
            )  # fmt: skip
            inside, mark = None, None
        elif inside is not None:
            inside.append(line)
        elif line.strip():
            mark = _MARK.match(line)
    assert inside is None, f"{name}:{start} does not end"


def commands(page: Path) -> list[Block]:
    """The blocks that hold commands."""
    return [block for block in fences(page) if block.language in {"sh", "console"}]


def settings_of(block: Block) -> dict[str, str]:
    """What a block that starts the system sets for it."""
    return dict(re.findall(r"(TREATYLINE_[A-Z_]+)=(\S+)", block.text))
