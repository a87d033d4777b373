"""The machine: Python, the data folder and its disk, memory, ports."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from services.cli.backends import running
from services.cli.doctor.findings import Finding, fails, ok, warning
from services.core.settings import Settings, is_loopback

OLDEST_PYTHON = (3, 11)
MEBIBYTE, GIBIBYTE = 1 << 20, 1 << 30
# An empty embedded PostgreSQL and Valkey take 80 MiB; a hundred thousand articles take about a gibibyte.
DISK_NEEDED, DISK_WANTED = 256 * MEBIBYTE, 2 * GIBIBYTE
# Two worker processes of 330 MiB, the other processes of 100 to 150 MiB each, the servers.
MEMORY_NEEDED, MEMORY_WANTED = GIBIBYTE, 3 * GIBIBYTE // 2
MEMORY_LEFT = 256 * MEBIBYTE  # of a system that runs already
FILES_WANTED = 1000


def python() -> Iterator[Finding]:
    """The interpreter."""
    said = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        yield fails(
            "python", said, "install Python 3.11 or newer and run: make PYTHON=/path/to/python3.11 setup"
        )
    else:
        yield ok("python", said)


def disk(settings: Settings) -> Iterator[Finding]:
    """The data folder: whether it can be written, and what room is left beside it."""
    folder = settings.data_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110 - which asks no right
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield fails("disk", f"{there} cannot be written to", "run as its owner, or set TREATYLINE_DATA_DIR")
        return
    free, do = shutil.disk_usage(there).free, "make room, or set TREATYLINE_DATA_DIR to a larger disk"
    said = f"{_size(free)} free for {folder}"
    if free < DISK_NEEDED:
        yield fails("disk", said, do)
    elif free < DISK_WANTED:
        yield warning("disk", said, do)
    elif (left := os.statvfs(there)).f_files and left.f_favail < FILES_WANTED:
        yield fails("disk", f"{said}, but for {left.f_favail} files only", do)
    else:
        yield ok("disk", said)


def memory(settings: Settings) -> Iterator[Finding]:
    """What is left of the machine's memory, or of the container's."""
    left = available_memory()
    if left is None:
        yield ok("memory", "not known on this system")
        return
    said = f"{_size(left)} available"
    do = "end other programs, or have fewer readers with TREATYLINE_WORKER_CONCURRENCY=1"
    if running(settings) is not None:
        runs = f"{said} beside the system that runs"
        yield ok("memory", runs) if left >= MEMORY_LEFT else warning("memory", runs, do)
    elif left < MEMORY_NEEDED:
        yield fails("memory", said, do)
    elif left < MEMORY_WANTED:
        yield warning("memory", said, do)
    else:
        yield ok("memory", said)


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes; none where the system does not say (it is asked as Linux is)."""
    found: list[int] = []
    try:
        lines = (root / "proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
        group = root / "sys/fs/cgroup"
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        if limit != "max":
            used = int((group / "memory.current").read_text(encoding="ascii"))
            rows = (group / "memory.stat").read_text(encoding="ascii").splitlines()
            # Files that were read count as used until the room is wanted.
            used -= sum(int(row.split()[1]) for row in rows if row.startswith("inactive_file "))
            found.append(max(0, int(limit) - used))
    except (OSError, ValueError, IndexError):
        pass
    return min(found) if found else None


def ports(settings: Settings) -> Iterator[Finding]:
    """Whether `treatyline up` could listen where it is told to."""
    found = running(settings)
    wanted = [("TREATYLINE_PORT", settings.host, settings.port)]
    if settings.database_url is None and settings.postgres_port:
        wanted.append(("TREATYLINE_POSTGRES_PORT", "127.0.0.1", settings.postgres_port))
    if settings.redis_url is None and settings.valkey_port:
        wanted.append(("TREATYLINE_VALKEY_PORT", "127.0.0.1", settings.valkey_port))
    for setting, host, port in wanted:
        if found is not None:
            if setting == "TREATYLINE_PORT":
                yield ok("port", f"{found.url}: the system runs there (process {found.pid})")
        elif not port:
            yield ok("port", f"{setting}=0: any free one")
        else:
            yield _port(setting, host, port)


def _port(setting: str, host: str, port: int) -> Finding:
    where = f"{host}:{port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                do = f"stop what listens there (another `treatyline up`?), or choose another with {setting}"
                return fails("port", f"{where} is in use by another program", do)
            if error.errno == errno.EACCES:
                return fails("port", f"{where} is for root alone", f"choose one above 1023 with {setting}")
            return fails(
                "port", f"{where}: {error.strerror}", "TREATYLINE_HOST wants an address of this machine"
            )
    if not is_loopback(host):
        do = "make sure that there is one (`treatyline keys list`): nothing listens there without"
        return warning("port", f"{where} is free, and others reach it: a key is needed", do)
    return ok("port", f"{where} is free")


def _size(size: int) -> str:
    return f"{size / GIBIBYTE:.1f} GiB" if size >= GIBIBYTE else f"{size // MEBIBYTE} MiB"
