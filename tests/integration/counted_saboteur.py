"""`treatyline run worker` with the saboteur as reader. Run as `python -m tests.integration.counted_saboteur`.

Nothing that counts is imported before the worker's process has said where it counts.
"""

from __future__ import annotations

import sys

from services.cli import processes
from services.core.settings import Settings, load_settings


def worker(settings: Settings) -> int:
    """The worker, once its counts have a place."""
    from tests.integration.saboteur import load  # noqa: PLC0415
    from workers.app import main  # noqa: PLC0415

    return main(settings, load)


if __name__ == "__main__":
    processes._worker = worker
    sys.exit(processes.worker(load_settings()))
