"""The command line's side of the HTTP interface: which service it asks, and errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.cli.backends import running
from services.client import Client, ClientError, KeyWanted, NotAllowed, UnexpectedAnswer, Unreachable
from services.core.errors import TreatylineError
from services.core.settings import Settings


class ServiceError(TreatylineError):
    """The service did not do what was asked."""


@contextmanager
def service(settings: Settings, url: str | None) -> Iterator[Client]:
    """The service at `url`, else the one that runs on this data folder, else at the configured port.

    What goes wrong with it inside the block is raised as a ServiceError that says what to do.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    try:
        client = Client(address(settings, url), key=key)
    except ValueError as error:
        raise ServiceError(f"{error} (--url, TREATYLINE_API_KEY)") from None
    with client:
        try:
            yield client
        except ClientError as error:
            raise ServiceError(told(error, keyed=key is not None)) from error


def address(settings: Settings, url: str | None) -> str:
    """Where the service is that is asked."""
    found = None if url else running(settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return url or (found.url if found else f"http://{host}:{settings.port}")


def told(error: ClientError, *, keyed: bool) -> str:
    """What went wrong, and what to do about it."""
    match error:
        case Unreachable():
            return f"{error}: start it with `treatyline up`, or name another with --url"
        case UnexpectedAnswer():
            return f"{error}: is it another program that listens there? Name the service with --url"
        case KeyWanted() if not keyed:
            return f"{error}: set TREATYLINE_API_KEY (`treatyline keys create` makes keys)"
        case KeyWanted():
            return f"{error}: TREATYLINE_API_KEY is not a key of this service (`treatyline keys list` shows those)"
        case NotAllowed():
            return f"{error}: use a key with that scope (`treatyline keys create --scope …` makes one)"
    return str(error)
