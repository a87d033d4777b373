"""Structured logs: JSON lines for machines, coloured lines for a terminal, always on standard error.

Logs say what happened to which id. They never hold an article's words or a secret: `drop_words` removes
the fields that could carry them, whoever passes them.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import orjson
import psycopg
import structlog

from services.core.errors import TreatylineError

FORBIDDEN = frozenset(
    {"text", "title", "html", "body", "content", "quote", "evidence", "authorization", "cookie", "password",
     "secret", "api_key"}
)  # fmt: skip
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


def drop_words(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove what a log must not hold: bodies, secrets, passwords inside addresses."""
    for key in FORBIDDEN & entry.keys():
        del entry[key]
    for key, value in entry.items():
        if isinstance(value, str) and "://" in value:
            entry[key] = _PASSWORD_IN_URL.sub(r"\1:***@", value)
    return entry


# Their messages speak of code, files and servers. Others may repeat a value: a ValueError, a constraint's error.
_TELLING = (
    TreatylineError,
    OSError,
    AttributeError,
    TypeError,
    NameError,
    ImportError,
    psycopg.OperationalError,
)


def wordless_exception(
    _logger: Any, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write a traceback as places in the code, without locals, and with the message only where that is safe."""
    info = entry.pop("exc_info", None)
    if info:
        error = (
            info
            if isinstance(info, BaseException)
            else (info if isinstance(info, tuple) else sys.exc_info())[1]
        )
        entry["exception"] = "\n".join(_told(error)) if error else None
    return entry


def _told(error: BaseException) -> list[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_told(cause), "then"] if cause else []
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")  # noqa: PERF401 - clearer so
    lines.append(type(error).__qualname__ + (f": {error}" if isinstance(error, _TELLING) else ""))
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        lines += _told(inner)
    return lines


def configure_logging(*, level: str = "info", json: bool = True) -> None:
    """Set up structlog and the standard library's logging alike. Call once, at a process's start."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [
            wordless_exception,
            drop_words,
            structlog.processors.JSONRenderer(
                serializer=lambda entry, **_: orjson.dumps(entry, default=str).decode()
            ),
        ]
        if json
        else [wordless_exception, drop_words, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in (
        "uvicorn.access",
        "httpx2",
        "alembic",
        "trafilatura",
        "htmldate",
        "courlan",
    ):  # one access line a request is ours
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # It tells three lines for each use of a connection.
    logging.getLogger("psycopg.pool").setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server = logging.getLogger(name)
        server.handlers, server.propagate = [], True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *(p for p in shared if not isinstance(p, structlog.stdlib.ExtraAdder)),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A structured logger: `log.info("article received", article_id=..., revision=1)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
