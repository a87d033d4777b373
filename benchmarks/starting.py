"""How long `treatyline up` takes until it is ready, on a data folder that is set up already.

python -m benchmarks.starting [--quick]
"""

from __future__ import annotations

import asyncio
import compileall
import tempfile
import time
from pathlib import Path

import orjson

from benchmarks.frame import bench
from benchmarks.latency import dispatch
from benchmarks.processes import system
from services.cli.bench_load import run


def main() -> None:
    with bench(__doc__) as b, tempfile.TemporaryDirectory(prefix="treatyline-bench-") as folder:
        for package in ("services", "workers"):  # as `make setup` does
            compileall.compile_dir(package, quiet=2)
        data = Path(folder) / "var"
        with system(data):
            pass
        ready, reading = [], []
        for which in range(2 if b.quick else 3):
            began = time.perf_counter()
            with system(data) as running:
                ready.append(running.ready_after)
                asyncio.run(run(running.url, [orjson.dumps(dispatch(which))], connections=1, follow=False))
                reading.append(time.perf_counter() - began)
        b.single("start", "`treatyline up` until ready", values=ready, unit="s", goal=6, at_most=True)
        b.single("start", "until it has read a first article", values=reading, unit="s")


if __name__ == "__main__":
    main()
