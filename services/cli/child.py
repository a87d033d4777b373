"""One process of `treatyline up`: `python -m services.cli.child NAME`, as `treatyline run NAME` would run it.

Its settings beside the environment's come on standard input, as one line of JSON, once the servers have addresses.
Until then a process that others wait for imports what it runs. Where the line never comes nobody wants it any more.
"""

from __future__ import annotations

import json
import os
import sys

from services.cli.processes import PROCESSES, end_with_parent, import_ahead


def main(name: str) -> int:
    """The exit code of the process."""
    end_with_parent()
    import_ahead(name)
    told = sys.stdin.buffer.readline()
    if not told.endswith(b"\n"):
        return 0
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.update(json.loads(told))
    from services.core.logging import configure_logging  # noqa: PLC0415 - not before they are needed
    from services.core.settings import load_settings  # noqa: PLC0415

    try:
        settings = load_settings()
        configure_logging(level=settings.log_level, json=settings.json_logs)
        return PROCESSES[name](settings)
    except Exception as error:
        from services.cli.shell import show, words_of  # noqa: PLC0415

        if (words := words_of(error)) is None:
            raise
        show(words)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
