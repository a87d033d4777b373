"""Logs hold ids and places in the code, never an article's words or a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.core.logging import configure_logging, get_logger

WORDS = "Delegates of both sides met on Thursday"


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, before = list(root.handlers), root.level, structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_lines_are_json_with_what_was_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", json=True)
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        get_logger("a").info("taken in", article_id="x", position=3)
        get_logger("a").debug("not shown")
        logging.getLogger("library").warning("old %s", "style", extra={"text": WORDS})
    ours, theirs = lines(capsys)
    assert ours["event"] == "taken in"
    assert ours["request_id"] == theirs["request_id"] == "r1"
    assert ours["level"] == "info"
    assert theirs["event"] == "old style"
    assert "text" not in theirs


def test_what_the_pool_of_connections_says_of_each_use_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(level="info", json=True)
    logging.getLogger("psycopg.pool").info("connection requested from %r", "pool")
    logging.getLogger("psycopg.pool").warning("error connecting in %r", "pool")
    assert [line["event"] for line in lines(capsys)] == ["error connecting in 'pool'"]


def test_words_and_secrets_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", json=True)
    get_logger("a").info(
        "x", text=WORDS, title=WORDS, authorization="Bearer s3cret", url="postgresql://u:s3cret@h/d"
    )
    (line,) = lines(capsys)
    assert WORDS not in str(line)
    assert "s3cret" not in str(line)
    assert line["url"] == "postgresql://u:***@h/d"


@pytest.mark.parametrize("as_json", [True, False])
def test_tracebacks_tell_places_not_values(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    configure_logging(level="info", json=as_json)
    log = get_logger("a")

    def fails(text: str) -> None:
        raise ValueError(f"cannot read {text}")

    try:
        try:
            fails(WORDS)
        except ValueError as error:
            raise OSError("disk full") from error
    except OSError:
        log.exception("failed")
        logging.getLogger("library").exception("failed too")
    shown = capsys.readouterr().err
    assert WORDS not in shown
    assert shown.count("ValueError") == 2
    assert "OSError: disk full" in shown
    assert "in fails" in shown
