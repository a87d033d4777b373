"""What every command of the command line has: help with examples that parse, completion, plain errors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from rich.text import Text
from typer.testing import CliRunner, Result

from services.cli.embedded.server import free_port
from services.cli.exporting import Format
from services.cli.keeping import show_report
from services.cli.main import app
from services.core.access.keys import Scope

ROOT = typer.main.get_command(app)


def commands(group: Any = ROOT, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


ALL = list(commands())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("TREATYLINE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TREATYLINE_PORT", str(free_port()))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, exits: int) -> str:
        result: Result = CliRunner().invoke(app, arguments, prog_name="treatyline")
        assert result.exit_code == exits, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.output

    return invoke


@pytest.mark.parametrize(
    ("words", "command"), ALL, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_examples_that_it_takes(words: tuple[str, ...], command: Any) -> None:
    _, _, examples = (command.help or "").partition("Examples:\n")
    lines = [line.strip() for line in examples.strip().splitlines()]
    assert lines, "no examples"
    for line in lines:
        assert len(line) <= 78
        *_, last = line.split(" | ")
        given = [word for word in shlex.split(last) if not re.match(r"[A-Z_]+=", word)]
        assert tuple(given[: len(words) + 1]) == ("treatyline", *words)
        with command.make_context(words[-1], given[len(words) + 1 :]):
            pass  # it raises what it does not take


@pytest.mark.parametrize(("words", "command"), ALL, ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_no_words_of_a_help_are_taken_for_markup(words: tuple[str, ...], command: Any) -> None:
    texts = [command.help or "", *(getattr(parameter, "help", None) or "" for parameter in command.params)]
    for text in texts:
        assert Text.from_markup(text).plain == text.replace("\\[", "["), text


def test_what_can_be_chosen_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    def complete(line: str) -> set[str]:
        monkeypatch.setenv("_TREATYLINE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        return set(CliRunner().invoke(app, prog_name="treatyline").output.split())

    assert {"timeline", "keys", "doctor"} <= complete("treatyline ")
    assert {"--actor", "--as-of"} <= complete("treatyline timeline --a")
    assert complete("treatyline timeline --actor rus") == {"russia"}
    assert "agreement-signed" in complete("treatyline timeline --kind agr")
    assert "projector" in complete("treatyline run ")
    assert complete("treatyline export x --format ") == set(Format)
    assert complete("treatyline keys create --scope ") == set(Scope)
    monkeypatch.setenv("TREATYLINE_PORT", "none")
    assert complete("treatyline timeline --actor rus") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_what_it_completes_by(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TREATYLINE_COMPLETE", f"source_{shell}")
    result = CliRunner().invoke(app, prog_name="treatyline")
    assert result.exit_code == 0
    assert "_TREATYLINE_COMPLETE=complete_" in result.output


def test_the_version_is_told(run: Any) -> None:
    assert re.fullmatch(r"treatyline \d+\.\d+\.\d+\S*\n", run("--version", exits=0))


NO_SERVER = [
    ["timeline"], ["positions"], ["follow"], ["webhooks", "list"], ["webhooks", "delete", "ID"],
    ["webhooks", "add", "https://example.org/hook"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", NO_SERVER, ids=" ".join)
def test_no_server_is_told_with_what_to_do(arguments: list[str], run: Any) -> None:
    assert "start it with `treatyline up`, or name another with --url" in run(*arguments, exits=1)


def test_articles_are_not_tried_one_by_one_where_no_server_is(run: Any) -> None:
    Path("many.ndjson").write_text('{"text": "a"}\n' * 50)
    assert run("ingest", "many.ndjson", exits=1).count("no answer from") == 1


@pytest.mark.parametrize(
    "arguments",
    [["verify"], ["rebuild"], ["export", "x"], ["keys", "list"], ["retry", "--failed"]],
    ids=" ".join,
)
def test_no_data_are_told_with_what_to_do(arguments: list[str], run: Any) -> None:
    output = run(*arguments, exits=1)
    assert "start with `treatyline up`" in output
    assert "TREATYLINE_DATA_DIR" in output


WRONG = [
    (["timeline", "--url", "localhost:8377"], 1, "http://127.0.0.1:8377"),
    (["follow", "--after", "x"], 2, "17.1"),
    (["run", "nothing"], 2, "choose one of web"),
    (["retry"], 2, "--failed"),
    (["retry", "x"], 2, "UUID"),
    (["export", "x", "--format", "xls"], 2, "parquet"),
    (["extract", "a.txt", "--published-at", "x"], 2, "2019-08-02"),
    (["keys", "create", "--name", "x", "--scope", "everything"], 2, "articles:write"),
    (["webhooks", "add", "https://x.example", "--filter", "actr=nato"], 2, "WORD=VALUE"),
    (["demo", "--samples", "nowhere", "--exit"], 1, "--samples"),
    (["evaluate"], 1, "--timex"),
    (["evaluate", "nowhere.yaml"], 1, "No such file"),
    (["evaluate", "broken.yaml"], 1, "broken.yaml"),
    (["evaluate", "other.yaml"], 1, "not a list"),
    (["ingest", "nowhere.json", "broken.json", "latin.txt", "paper.pdf"], 1, "0 articles posted, 4 refused"),
    (["duplicates", "nowhere.txt"], 1, "No such file"),
    (["duplicates", "a[/b].txt"], 1, "a[/b].txt No such file"),
    (["extract", "a[/b].txt"], 1, "a[/b].txt No such file"),
    (["timeline", "--url", "http://999.1.1.1"], 1, "http://127.0.0.1:8377"),
    (["frobnicate"], 2, "No such command"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "exits", "told"), WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else ""
)
def test_what_is_wrong_is_told_and_how_it_is_right(
    arguments: list[str], exits: int, told: str, run: Any
) -> None:
    Path("broken.yaml").write_text("a: [b")
    Path("other.yaml").write_text("a: 1")
    Path("broken.json").write_text('{"a": ')
    Path("latin.txt").write_bytes(b"\xff")
    Path("paper.pdf").write_text("x")
    assert told in run(*arguments, exits=exits)


def test_what_is_broken_is_named_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"kind": "event", "name": "17", "reason": "its hash [/x] is another"}
    show_report({"intact": False, "broken": broken, "newest_seal": None})
    assert capsys.readouterr().out == "broken: event 17: its hash [/x] is another\n"


@pytest.mark.parametrize(
    ("name", "value", "told"), [("API_KEY", "a b", "no key"), ("PORT", "x", "TREATYLINE_PORT")]
)
def test_a_setting_that_cannot_be_is_told(
    name: str, value: str, told: str, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TREATYLINE_{name}", value)
    assert told in run("timeline", exits=1)
