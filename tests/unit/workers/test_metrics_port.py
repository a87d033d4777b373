"""The folder that a worker's processes count in is removed at its end; after a kill, at the next one's start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.metrics_port import FOLDER, PREFIX, counting_together

COUNTS = """
import os, time
from workers.metrics_port import FOLDER, counting_together
with counting_together():
    print(os.environ[FOLDER], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv(FOLDER, raising=False)
    return tmp_path


@pytest.fixture
def other(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another worker that counts, and where."""
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(
        [sys.executable, "-c", COUNTS], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_the_folder_is_there_while_it_is_needed(temporary: Path) -> None:
    with counting_together():
        assert Path(os.environ[FOLDER]).is_dir()
    assert FOLDER not in os.environ
    assert list(temporary.iterdir()) == []


def test_a_folder_that_is_given_is_taken_and_kept(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(temporary))
    with counting_together():
        assert os.environ[FOLDER] == str(temporary)
    assert temporary.is_dir()


def test_what_a_killed_worker_left_is_removed_and_a_living_ones_is_not(
    temporary: Path, other: tuple[subprocess.Popen[str], Path]
) -> None:
    process, folder = other
    assert folder.parent == temporary
    assert folder.name.startswith(PREFIX)
    (folder / "counter_1.db").touch()
    with counting_together():
        assert folder.is_dir(), "its worker lives"
        assert os.environ[FOLDER] != str(folder)
    process.kill()
    process.wait()
    assert folder.is_dir()
    with counting_together():
        assert [str(found) for found in temporary.iterdir()] == [os.environ[FOLDER]]
