"""Commands that need a database say plainly that there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.embedded.server import free_port


@pytest.mark.parametrize("command", ["up", "migrate", "verify", "rebuild"])
def test_a_database_that_is_not_there_is_a_message(command: str, tmp_path: Path) -> None:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TREATYLINE_")}
    environment = kept | {
        "TREATYLINE_DATABASE_URL": f"postgresql://someone:hidden@127.0.0.1:{port}/nothing",
        "TREATYLINE_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "TREATYLINE_DATA_DIR": str(tmp_path),
        "TREATYLINE_PORT": str(free_port()),
    }
    run = [sys.executable, "-m", "services.cli", command]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 1
    assert f"port {port} failed" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stdout + done.stderr
