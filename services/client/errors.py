"""What can go wrong between a client and the service.

ClientError
├── Unreachable          no answer: nothing listens there, or the connection broke
├── UnexpectedAnswer     an answer, but not this service's
└── Refused              the service says no; `problem` has its reasons (RFC 9457)
    ├── KeyWanted          401: it asks for a key, or does not know this one
    ├── NotAllowed         403: the key's scopes do not reach so far
    ├── NotFound           404: there is no such thing
    ├── Gone               410: there was, and it was withdrawn
    ├── Conflict           409 and 412: something else happened first
    ├── TooManyRequests    429: wait `retry_after` seconds
    ├── Invalid            any other 4xx: the request breaks a rule; `problem.errors` names the fields
    └── Unavailable        5xx: the service cannot now; `retry_after` may say when
"""

from __future__ import annotations

import httpx2
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class FieldProblem(BaseModel):
    """One field that breaks a rule."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    field: str = ""
    detail: str = ""
    where: str = Field("body", alias="in")  # body, query, path or header


class Problem(BaseModel):
    """Why a request was refused, as the service says it. Members that a kind of problem adds are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    status: int
    type: str = "about:blank"
    title: str = ""
    detail: str | None = None
    errors: tuple[FieldProblem, ...] = ()

    def __str__(self) -> str:
        fields = "; ".join(f"{e.field}: {e.detail}" if e.field else e.detail for e in self.errors)
        said = fields or self.detail
        return f"{self.status} {self.title}" + (f" ({said})" if said else "")


class ClientError(Exception):
    """The service did not do what was asked."""


class Unreachable(ClientError):  # noqa: N818 - named by what happened, as all below
    """Nothing answers there."""


class UnexpectedAnswer(ClientError):  # noqa: N818
    """What answers there is not this service, or a release that this client does not understand."""


class NotFinished(ClientError):  # noqa: N818
    """The article was not read in the time that was given."""


class Refused(ClientError):  # noqa: N818
    """The service refused, and says why."""

    def __init__(
        self, problem: Problem, *, retry_after: float | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.retry_after = retry_after  # seconds, where the service names some
        self.request_id = request_id  # the operator finds the request in the log by it

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status


class KeyWanted(Refused):
    """401."""


class NotAllowed(Refused):
    """403."""


class NotFound(Refused):
    """404."""


class Gone(Refused):
    """410."""


class Conflict(Refused):
    """409 and 412."""


class TooManyRequests(Refused):
    """429."""


class Invalid(Refused):
    """Any other 4xx."""


class Unavailable(Refused):
    """5xx."""


_BY_STATUS: dict[int, type[Refused]] = {
    401: KeyWanted,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Conflict,
    429: TooManyRequests,
}


def refusal(response: httpx2.Response) -> Refused | UnexpectedAnswer:
    """The error that an answer without success is. Its body must have been read."""
    status = response.status_code
    if not response.is_error:
        return UnexpectedAnswer(f"{response.url.copy_with(query=None)} answers {status}")
    kind = _BY_STATUS.get(status, Unavailable if status >= 500 else Invalid)
    headers = response.headers
    return kind(
        _problem(response),
        retry_after=_seconds(headers.get("retry-after", "")),
        request_id=headers.get("x-request-id"),
    )


def _problem(response: httpx2.Response) -> Problem:
    """The problem document, or what the status alone says: a proxy in between answers in its own way."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            return Problem.model_validate_json(response.content)
        except ValidationError:
            pass
    return Problem(status=response.status_code, title=response.reason_phrase)


def _seconds(retry_after: str) -> float | None:
    """Of a `Retry-After` in seconds, which is the form that this service uses."""
    return (
        float(retry_after)
        if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 10
        else None
    )
