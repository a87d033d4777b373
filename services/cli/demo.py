"""`treatyline demo`: real dispatches become a timeline and a table of positions before one's eyes."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from services.cli import show
from services.cli.http import service
from services.cli.posting import post_files
from services.cli.system import running_system, tell_where
from services.core.errors import TreatylineError
from services.core.logging import configure_logging
from services.core.settings import Settings


class NoSamples(TreatylineError):  # noqa: N818 - named by what is missing
    """The sample dispatches are not here: run it in the project's folder, or name theirs with --samples."""


def run_demo(
    settings: Settings, out: Console, err: Console, *, samples: Path | None = None, stop: bool = False
) -> None:
    """Start the system, post the samples, print what was read out of them; then keep running unless `stop`."""
    folder = samples or _samples()
    if not folder.is_dir():
        raise NoSamples
    # A demonstration shows what was read; logs of every step would stand between.
    quiet = settings.model_copy(update={"log_level": "warning"})
    configure_logging(level=quiet.log_level, json=quiet.json_logs)
    with running_system(quiet, err) as system:
        with service(settings, system.url) as target:
            post_files(target, sorted(folder.glob("*.json")), err, wait=True)
            out.rule("Timeline")
            show.timeline(out, target.timeline(order="asc"))
            out.rule("Positions")
            show.positions(out, target.positions())
        if not stop:
            tell_where(system, err)
            system.run()


def _samples() -> Path:
    for folder in (Path("samples"), Path(__file__).resolve().parents[2] / "samples"):
        if folder.is_dir():
            return folder
    raise NoSamples
