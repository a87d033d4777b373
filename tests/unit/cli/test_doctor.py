"""What the doctor finds on a machine, without servers."""

from __future__ import annotations

import json
import os
import socket
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.doctor import machine, servers
from services.cli.doctor.findings import Finding, State
from services.cli.embedded.server import free_port
from services.cli.main import app
from services.core.settings import Settings


def one(found: Any) -> Finding:
    (finding,) = found
    assert (finding.do is None) == (finding.state is State.OK)
    return finding


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(data_dir=tmp_path / "var", **more)


def test_memory_is_what_machine_and_container_leave(tmp_path: Path) -> None:
    assert machine.available_memory(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:  9 kB\nMemAvailable:  2097152 kB\n")
    assert machine.available_memory(tmp_path) == 2 * machine.GIBIBYTE
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    assert machine.available_memory(tmp_path) == 2 * machine.GIBIBYTE
    (group / "memory.max").write_text(f"{machine.GIBIBYTE}\n")
    (group / "memory.current").write_text(f"{machine.GIBIBYTE}\n")
    cached = machine.GIBIBYTE * 3 // 4
    (group / "memory.stat").write_text(f"anon 1\nfile {cached + 1}\ninactive_file {cached}\nactive_file 1\n")
    assert machine.available_memory(tmp_path) == cached, "what was read from disk gives way"


@pytest.mark.parametrize(
    ("free", "state"),
    [
        (machine.DISK_NEEDED - 1, State.FAILS),
        (machine.DISK_WANTED - 1, State.WARNING),
        (machine.DISK_WANTED, State.OK),
    ],
)
def test_room_on_the_disk(free: int, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")(1, 1, free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert one(machine.disk(settings(tmp_path))).state is state


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    finding = one(machine.disk(settings(tmp_path)))
    assert (finding.state, finding.do) == (State.FAILS, "run as its owner, or set TREATYLINE_DATA_DIR")


def test_a_data_folder_that_one_may_not_look_into_is_told(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    (locked / "inside").mkdir(parents=True)
    locked.chmod(0)
    me = os.getuid()
    somebody = me or 65534
    os.setresuid(somebody, somebody, me)
    try:
        finding = one(machine.disk(settings(locked / "inside")))
    finally:
        os.setresuid(me, me, me)
        locked.chmod(0o700)
    assert (finding.state, finding.do) == (State.FAILS, "run as its owner, or set TREATYLINE_DATA_DIR")


def test_a_port_that_is_taken_is_told_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finding = one(machine.ports(settings(tmp_path, port=port)))
        assert (finding.state, "TREATYLINE_PORT" in (finding.do or "")) == (State.FAILS, True)
        both = list(machine.ports(settings(tmp_path, port=free_port(), postgres_port=port)))
        assert [f.state for f in both] == [State.OK, State.FAILS]
    assert one(machine.ports(settings(tmp_path, port=0))).state is State.OK
    assert one(machine.ports(settings(tmp_path, port=port, host="0.0.0.0"))).state is State.WARNING  # noqa: S104
    assert one(machine.ports(settings(tmp_path, port=port, host="203.0.113.1"))).state is State.FAILS


def test_servers_that_are_not_there_are_told_without_their_passwords(tmp_path: Path) -> None:
    port = free_port()
    found = settings(
        tmp_path,
        database_url=f"postgresql://me:hidden@127.0.0.1:{port}/x",
        redis_url=f"redis://:hidden@127.0.0.1:{port}/0",
    )
    for check in (servers.database, servers.broker):
        finding = one(check(found))
        assert finding.state is State.FAILS
        assert "hidden" not in finding.said


def test_embedded_servers_that_can_run_are_well_and_data_of_another_release_are_told(tmp_path: Path) -> None:
    assert one(servers.database(settings(tmp_path))).state is State.OK
    assert one(servers.broker(settings(tmp_path))).state is State.OK
    data = tmp_path / "var/postgres/pgdata"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    finding = one(servers.database(settings(tmp_path)))
    assert finding.state is State.FAILS
    assert "PostgreSQL 17" in finding.said


def test_the_command_ends_with_one_where_something_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TREATYLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TREATYLINE_PORT", str(free_port()))
    monkeypatch.setenv("TREATYLINE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    failing = CliRunner().invoke(app, ["doctor", "--quick", "--json"])
    assert failing.exit_code == 1
    found = [json.loads(line) for line in failing.output.splitlines()]
    assert [f["check"] for f in found if f["state"] == "fails"] == ["broker"]
    monkeypatch.setenv("TREATYLINE_PORT", "all of them")
    unset = CliRunner().invoke(app, ["doctor"])
    assert unset.exit_code == 1
    assert "TREATYLINE_PORT" in unset.output
    assert "→ mend the environment" in unset.output


def test_a_check_that_breaks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Path) -> None:
        raise RuntimeError("as it happens")

    monkeypatch.setenv("TREATYLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("shutil.disk_usage", broken)
    result = CliRunner().invoke(app, ["doctor", "--quick", "--json"])
    found = {f["check"]: f for f in map(json.loads, result.output.splitlines())}
    assert found["disk"]["said"] == "could not be checked: RuntimeError: as it happens"
    assert "broker" in found
