"""A request to the service as data, and the typed answer that it leads to. Nothing here sends anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from services.client.errors import UnexpectedAnswer, refusal
from services.client.models import Page

MOST_ON_A_PAGE = 500

T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result", bound=BaseModel)

Params = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[httpx2.Response], T]
    params: Params = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    repeatable: bool = True  # sent twice it does what it does once
    seconds: float = 0.0  # how much longer than usual the service may take

    def options(self, timeout: float) -> dict[str, Any]:
        """The arguments of an HTTP client's `request`."""
        return {
            "method": self.method,
            "url": self.path,
            "params": self.params,
            "headers": dict(self.headers),
            "content": self.content,
            "timeout": httpx2.Timeout(timeout, read=timeout + self.seconds),
        }

    def answer(self, response: httpx2.Response) -> T:
        """The typed answer of a response without error. Raises UnexpectedAnswer."""
        if not response.is_success:
            raise refusal(response)
        if response.request.method != self.method:  # what was asked for is not done
            raise UnexpectedAnswer(
                f"a {self.method} was led on to {response.url.copy_with(query=None)}: give that service's own address"
            )
        try:
            return self.read(response)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise UnexpectedAnswer(
                f"{response.url.copy_with(query=None)} does not answer as Treatyline does: {_first_line(error)}"
            ) from error


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """A list, page after page; at most `most` items of it."""

    page: Call[Page[Item]]
    most: int | None = None

    def first(self) -> Call[Page[Item]] | None:
        """The first page; none where nothing is wanted."""
        return self._next(None, 0)

    def after(self, page: Page[Item], given: int) -> Call[Page[Item]] | None:
        """The page that follows, after so many items; none after the last."""
        return None if page.next is None else self._next(page.next, given)

    def _next(self, cursor: str | None, given: int) -> Call[Page[Item]] | None:
        left = MOST_ON_A_PAGE if self.most is None else min(self.most - given, MOST_ON_A_PAGE)
        if left < 1:
            return None
        where = [("cursor", cursor)] if cursor is not None else []
        return replace(self.page, params=[*self.page.params, ("limit", str(left)), *where])


class Listed(Generic[Item]):
    """A list that is gone through, each time anew, and the place in the log that it reflects."""

    def __init__(self, listing: Listing[Item]) -> None:
        self._listing = listing
        self._position: int | None = None

    @property
    def position(self) -> int:
        """The place in the log that the list reflects, once it was begun. `follow(after=…)` goes on from there."""
        if self._position is None:
            raise ValueError("nothing of the list was read yet")
        return self._position


def get(path: str, model: type[Result], asked: Mapping[str, Any] | None = None, **more: Any) -> Call[Result]:
    """A GET whose answer is a model."""
    return Call("GET", path, as_model(model), params_of(asked or {}), **more)


def as_model(model: type[Result]) -> Callable[[httpx2.Response], Result]:
    """Reads an answer as a model."""
    return lambda response: model.model_validate_json(response.content)


def params_of(asked: Mapping[str, Any]) -> Params:
    """Keyword arguments as a query: nothing for None, several for a list, `from` for `from_`."""
    found: Params = []
    for name, value in asked.items():
        values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
        found += [(name.rstrip("_"), word_of(each)) for each in values if each is not None]
    return found


def word_of(value: Any) -> str:
    """A value as a query spells it. Raises ValueError for a moment that does not say which."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a moment wants a time zone, such as datetime.now(datetime.UTC)")
        return value.isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)
