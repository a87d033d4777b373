"""A typed client of the HTTP interface: `Client`, and `AsyncClient` with the same methods (docs/client.md).

It imports nothing else of Treatyline.
"""

from services.client.awaiting import AsyncChanges, AsyncClient, AsyncPages
from services.client.blocking import Changes, Client, Pages
from services.client.errors import (
    ClientError,
    Conflict,
    FieldProblem,
    Gone,
    Invalid,
    KeyWanted,
    NotAllowed,
    NotFinished,
    NotFound,
    Problem,
    Refused,
    TooManyRequests,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from services.client.models import Change, NewArticle

__all__ = [
    "AsyncChanges",
    "AsyncClient",
    "AsyncPages",
    "Change",
    "Changes",
    "Client",
    "ClientError",
    "Conflict",
    "FieldProblem",
    "Gone",
    "Invalid",
    "KeyWanted",
    "NewArticle",
    "NotAllowed",
    "NotFinished",
    "NotFound",
    "Pages",
    "Problem",
    "Refused",
    "TooManyRequests",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
]
