"""Every command in README.md and docs/ does what the page says, on one real system."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.cli.embedded.server import free_port
from tests.e2e.docs_pages import PAGES, ROOT, Block, commands, settings_of
from tests.e2e.system import RunningSystem, running_system
from tests.integration.feed_site import Answer, feed_site, rss, whole_item

pytestmark = [
    pytest.mark.timeout(1500),
    pytest.mark.skipif(
        not all(map(shutil.which, ("bash", "curl", "jq"))) and "CI" not in os.environ,
        reason="the documents use bash, curl and jq",
    ),
]

PAGE_SECONDS = 900.0  # a machine that is busy otherwise takes ten times as long as another
OURS = ("samples", "examples")  # what commands read of the project's folder
# Waits until something listens on a port of this machine.
THERE = "there() { until (: </dev/tcp/127.0.0.1/$1) 2>/dev/null; do sleep 0.1; done; }"

BLOCKS = [block for page in PAGES for block in commands(page)]
STARTING = [block for block in BLOCKS if block.how == "up"]
RUN = [block for block in BLOCKS if block.not_run is None and block.how != "up"]
PLACES = list(dict.fromkeys((block.how == "with keys", block.page) for block in RUN))


@dataclass(frozen=True)
class Stage:
    """Where commands are run: a folder like the project's, and a system that they are told to reach."""

    folder: Path
    system: RunningSystem
    settings: dict[str, str]  # that it was started with
    instead: dict[str, str]  # what the pages say, and what is meant here

    def adapted(self, text: str) -> str:
        said = re.compile("|".join(map(re.escape, self.instead)))
        return said.sub(lambda found: self.instead[found[0]], text)

    def run(self, blocks: list[Block]) -> None:
        """The blocks of a page in one shell, so that what one sets the next may use."""
        steps = [
            (block, command, expected, self.folder / f"printed-{number}-{step}")
            for number, block in enumerate(blocks)
            for step, (command, expected) in enumerate(block.steps())
        ]
        lines = ["set -eu", THERE]
        for block, command, _, printed in steps:
            lines += [f"exec >{shlex.quote(str(printed))} 2>&1", *self._lines(block, command, printed)]
        starting = any(block.page == blocks[0].page for block in STARTING)  # then it says itself what to set
        environment = (
            self.system.environment
            | ({} if starting else self.settings)
            | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        )
        shell = subprocess.Popen(
            ["bash", "-c", "\n".join(lines)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            with suppress(subprocess.TimeoutExpired):
                shell.wait(PAGE_SECONDS)
        finally:
            ended = shell.poll()
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)  # with what runs beside
            shell.wait()
        done = [
            (block, expected, file.read_text("utf-8")) for block, _, expected, file in steps if file.exists()
        ]
        last, _, told = done[-1]
        assert ended == 0, f"{last.place} ends with {ended}:\n{told[-3000:]}"
        for block, expected, told in done:
            wanted = [" ".join(self.adapted(line).split()) for line in expected]
            said = [" ".join(line.split()) for line in told.splitlines()]
            assert shown(wanted, said), f"{block.place} prints\n{told}"
        for *_, file in steps:
            file.unlink()

    def _lines(self, block: Block, command: str, printed: Path) -> list[str]:
        if block.port is None and block.seconds is None:
            return [self.adapted(command)]
        file = printed.with_suffix(".sh")
        file.write_text(self.adapted(command) + "\n", "utf-8")
        quoted = shlex.quote(str(file))
        if block.seconds is not None:
            return [f"timeout {block.seconds} bash -eu {quoted} || [ $? = 124 ]"]
        return [f"bash -eu {quoted} &", f"there {self.adapted(str(block.port))}"]


def shown(wanted: list[str], said: list[str]) -> bool:
    """Whether the lines are what was wanted; `...` stands for any."""
    if not wanted:
        return not said
    if wanted[0] == "...":
        return any(shown(wanted[1:], said[skipped:]) for skipped in range(len(said) + 1))
    return bool(said) and wanted[0] == said[0] and shown(wanted[1:], said[1:])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("a reader's folder")
    for name in OURS:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    settings = {name: value for block in STARTING for name, value in settings_of(block).items()}
    assert settings["TREATYLINE_DOSSIERS"].split(",")[0] == "inf"  # what the other pages are about
    with pytest.MonkeyPatch.context() as patched, feed_site() as site:
        patched.chdir(folder)
        site.answers["/feed.xml"] = Answer(rss(whole_item(1)))
        with running_system(folder / "var", **settings) as system:
            yield Stage(
                folder,
                system,
                settings,
                {
                    "127.0.0.1:8377": f"127.0.0.1:{system.port}",
                    "8700": str(free_port()),
                    "8701": str(free_port()),
                    "https://news.example": site.url,
                    "https://example.org": site.url,
                },
            )


@pytest.mark.parametrize(
    ("keys", "page"),
    sorted(PLACES),
    ids=[f"{page}{' with keys' if keys else ''}" for keys, page in sorted(PLACES)],
)
def test_every_command_of_the_page(stage: Stage, keys: bool, page: str) -> None:
    """Those that make keys come last: from the first key on nothing is answered without one."""
    stage.run([block for block in RUN if block.page == page and (block.how == "with keys") == keys])
