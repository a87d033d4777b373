"""What the documents show as commands can be run by the test that runs them, or says why not."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from typer.main import get_command

from services.cli.main import app
from services.core.settings import Settings
from tests.e2e.docs_pages import PAGES, ROOT, Block, commands, fences, settings_of

BLOCKS = [block for page in PAGES for block in commands(page)]
HOWS = re.compile(r"up|with keys|beside, on \d+|\d+ seconds")


def test_every_fenced_block_says_what_it_is() -> None:
    found = [block for page in PAGES for block in fences(page)]
    assert len(BLOCKS) > 20
    assert {block.language for block in found} <= {"sh", "console", "python", "json", "http", "mermaid"}, [
        block.place for block in found if not block.language
    ]


def test_what_is_not_run_says_why_and_what_is_run_otherwise_says_how() -> None:
    for block in BLOCKS:
        assert block.not_run is None or len(block.not_run.split()) >= 5, block.place
        assert block.how is None or HOWS.fullmatch(block.how), block.place
        for test in re.findall(r"tests/[\w/.]+", block.not_run or ""):
            assert (ROOT / test).exists(), f"{block.place}: {test}"
    assert sum(block.not_run is not None for block in BLOCKS) < len(BLOCKS) / 3


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_commands_are_there(block: Block) -> None:
    """Also those that are not run."""
    text = "\n".join(command for command, _ in block.steps())
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", text, re.MULTILINE)) <= targets
    known = get_command(app)
    for group, name in re.findall(r"(?:^|[\s/(])treatyline ([a-z]+)(?: ([a-z]+))?", text):
        found = known.commands[group]  # type: ignore[attr-defined]
        assert not hasattr(found, "commands") or name in found.commands, f"{block.place}: {group} {name}"
    named = {name.removeprefix("TREATYLINE_").lower() for name in settings_of(block)}
    assert named <= set(Settings.model_fields)
    if bash := shutil.which("bash"):
        parsed = subprocess.run([bash, "-n"], input=text, text=True, capture_output=True, check=False)
        assert parsed.returncode == 0, f"{block.place}: {parsed.stderr}"
