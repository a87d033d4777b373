"""What somebody new does first, on a real system: the doctor, the commands, the client's documented examples."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.e2e.system import RunningSystem, running_system

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with running_system(tmp_path_factory.mktemp("first") / "var") as system:
        yield system


def test_the_clients_examples_run(system: RunningSystem) -> None:
    page = (ROOT / "docs/client.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    code = "\n".join(blocks).replace("http://127.0.0.1:8377", f"http://127.0.0.1:{system.port}")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "nato opposes moratorium" in done.stdout
    assert "['actor']" in done.stdout


@pytest.fixture
def run(system: RunningSystem, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A command beside the system, in this process; what it prints on standard output."""
    for name, value in system.environment.items():
        if name.startswith("TREATYLINE_"):
            monkeypatch.setenv(name, value)

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


def rows(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_the_doctor_finds_a_running_system_well(run: Callable[..., str]) -> None:
    found = {finding["check"]: finding for finding in rows(run("doctor", "--json"))}
    assert set(found) == {
        "python", "settings", "disk", "memory", "port", "database", "schema", "rights", "clock", "broker", "reader",
    }  # fmt: skip
    assert found["rights"]["said"] == "treatyline_services can append to the log and not alter it"
    assert found["schema"]["state"] == found["clock"]["state"] == found["broker"]["state"] == "ok"
    assert "inf: a trial sentence" in found["reader"]["said"]


def test_what_is_posted_is_shown(run: Callable[..., str], system: RunningSystem, tmp_path: Path) -> None:
    article = tmp_path / "article.json"
    text = "MOSCOW, March 4. Vladimir Putin on Monday suspended Russia's part in the INF Treaty, the Kremlin said."
    article.write_text(json.dumps({"text": text, "outlet": "Wire", "published_at": "2019-03-04"}))
    (result,) = rows(run("ingest", str(article), "--wait", "--json"))
    assert (result["status"], result["state"]) == (202, "received")
    (again,) = rows(run("ingest", str(article), "--json"))
    assert (again["status"], again["id"]) == (200, result["id"])

    assert "russia  suspension" in run("timeline", "--actor", "russia", "--kind", "suspension")
    entries = rows(run("timeline", "--json"))
    assert entries == list(reversed(system.http.get("/v1/timeline", params={"limit": 500}).json()["data"]))
    positions = rows(run("positions", "--json"))
    assert positions == system.http.get("/v1/positions", params={"limit": 500}).json()["data"]
    assert "supports" in run("positions")


# A test that runs in the background of a shell is deaf to Ctrl-C, and so would be what it starts.
HEARING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from services.cli.main import app; app(prog_name='treatyline')"
)


def test_changes_are_followed_until_ctrl_c(system: RunningSystem) -> None:
    command = [sys.executable, "-c", HEARING, "follow", "--after", "0.0", "--json"]
    with subprocess.Popen(command, env=system.environment, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        change = json.loads(following.stdout.readline())
        following.send_signal(signal.SIGINT)
        following.stdout.read()
        assert following.wait(60) == 130
    assert change["name"] in {"entry.added", "position.changed"}


def test_an_output_that_nobody_reads_on_ends_quietly(system: RunningSystem) -> None:
    command = f"'{sys.executable}' -m services.cli timeline --json | head -c 1"
    done = subprocess.run(
        ["sh", "-c", command],
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{", "")


def test_load_is_put_on_it_and_told(run: Callable[..., str]) -> None:
    arguments = ["bench", "firehose", "--count", "6", "--on-topic", "0.5", "--copies", "0.2", "--json"]
    (report,) = rows(run(*arguments, "--connections", "3"))
    assert report["answers"] == {"202": 6}
    assert sum(report["states"].values()) == 6
    assert set(report["states"]) <= {"extracted", "skipped"}
    assert report["seconds_to_finish"]["of"] > 0
    assert report["finished_per_second"] > 0
    (again,) = rows(run(*arguments, "--rate", "50"))
    assert again["answers"] == {"200": 6}
