"""The disk of the embedded servers is full: what is answered, and that it goes on by itself once there is room.

The disk is a small tmpfs, mounted over the data folder; only root may mount one, so others skip this.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.system import FINISHED, RunningSystem, running_system
from tests.small_disk import fill, small_disk

pytestmark = pytest.mark.timeout(600)

MEGABYTES = 224
WORDS = 20_000  # of an article while the disk fills: such as do not pack well


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A data folder with little room."""
    with small_disk(tmp_path / "var", MEGABYTES) as folder:
        yield folder


def post(system: RunningSystem, number: int) -> httpx2.Response | None:
    """An article of its own; None where no answer came."""
    chosen = random.Random(number)
    words = " ".join(f"{chosen.getrandbits(40):x}" for _ in range(WORDS))
    try:
        return system.post(
            text=f"NATO commented on dispatch {number}. {words}", url=f"https://wire.example/{number}"
        )
    except httpx2.TransportError:
        return None


def test_on_a_full_disk_nothing_is_half_stored_and_all_goes_on_when_there_is_room(disk: Path) -> None:
    with running_system(disk) as system:
        taken: dict[int, str] = {}
        refused: list[int] = []

        def try_one(number: int) -> bool:
            answer = post(system, number)
            if answer is not None and answer.status_code in {200, 202}:
                taken[number] = answer.json()["id"]
                return True
            if answer is not None:
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["Retry-After"]) > 0
            refused.append(number)
            return False

        assert try_one(0)
        system.finished(taken[0], 120)
        filler = fill(disk)
        number, deadline = 0, time.monotonic() + 120
        while len(refused) < 5:
            assert time.monotonic() < deadline, "the disk does not get full"
            try_one(number := number + 1)
        deadline = time.monotonic() + 60
        # What could not be written may have been little: it is written until the want is seen.
        while (ready := system.http.get("/readyz")).status_code != 503:
            assert time.monotonic() < deadline
            try_one(number := number + 1)
        assert ready.json()["checks"]["database"] in {"disk full", "unreachable", "timeout"}
        assert system.http.get("/healthz").status_code == 200
        assert system.process.poll() is None

        filler.unlink()
        deadline = time.monotonic() + 120
        while not try_one(number := number + 1):
            assert time.monotonic() < deadline, "it does not recover"
            time.sleep(0.5)
        for again in sorted(set(refused)):
            deadline = time.monotonic() + 60
            while not try_one(again):
                assert time.monotonic() < deadline
                time.sleep(0.5)
        assert len(set(taken.values())) == len(taken) == number + 1
        for article_id in taken.values():
            assert system.finished(article_id, 180)["state"] in FINISHED - {"failed"}
        deadline = time.monotonic() + 60
        while system.http.get("/readyz").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        verified = system.command("verify")
        assert verified.returncode == 0, verified.stderr
