"""Who may do what over HTTP: a key in `Authorization: Bearer`, or a session that began with one.

    @router.post("/articles", dependencies=[needs(Scope.WRITE)])     or     caller: WriterDep

Until there is a key, whoever reaches the loopback may do everything, under a loopback name alone: a page on the
web that points a name of its own at 127.0.0.1 gets nothing. From the first key on, one is asked for.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

import psycopg
import psycopg_pool
from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from services.core.access.keys import KeyRecord, Scope, parse_key
from services.core.access.store import Keys
from services.core.logging import get_logger
from services.core.settings import Settings, is_loopback
from services.core.web.limits import Allowance, Limiter, address_of
from services.core.web.problems import Problem, ProblemType
from services.core.web.sessions import COOKIE, Session, Sessions, cookie_name, make_sessions

log = get_logger(__name__)

REMEMBER_SECONDS = 1.0  # how long a key that was looked up is believed: so soon does revoking it work
TOUCH_SECONDS = 60.0  # how exactly it is known when a key was last used
WRONG_KEY_COST = 20  # a wrong key counts as so many requests of its address
REALM = 'Bearer realm="treatyline"'
FORM_TOKEN = "X-CSRF-Token"  # noqa: S105 - a header's name
STATUSES = (401, 403, 421, 429)  # what every guarded route may answer
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. Without a key: somebody on the loopback, or somebody who reads what all may read."""

    key: KeyRecord | None = None
    session: Session | None = None

    @property
    def key_id(self) -> str | None:
        return self.key.id if self.key else None


ANYBODY = Caller()


class Access:
    """Decides about requests. One for each app, in `app.state.access`."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._settings = settings
        self._keys = keys
        self.limiter = Limiter(settings.redis_url)
        self.sessions: Sessions = make_sessions(settings)
        # Beyond the loopback a key is always asked for, even if none exists.
        self._in_force = not is_loopback(settings.host)
        self._asked_at = -REMEMBER_SECONDS
        self._known: dict[str, tuple[KeyRecord, float]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}  # by key id; "": whether keys are asked for
        self._used: dict[str, dt.datetime] = {}
        self._touched_at = time.monotonic()
        self._touching: asyncio.Task[None] | None = None

    async def in_force(self) -> bool:
        """Whether keys are asked for. Once they are they always are: revoking the last one opens nothing."""
        if not self._in_force and time.monotonic() - self._asked_at >= REMEMBER_SECONDS:
            await self._once("", self._ask_in_force)
        return self._in_force

    async def admit(self, request: Request, scope: Scope, *, open_to_all: bool = True) -> Caller:
        """The caller, who may do what `scope` names. Raises Problem 401, 403, 421 or 429."""
        if not await self.in_force():
            _check_host(request)
            return ANYBODY
        caller = await self.caller(request)
        if scope is Scope.READ and open_to_all and self._settings.open_reading:
            return caller
        if caller.key is None:
            raise Problem(
                ProblemType.KEY_WANTED,
                "Send a key: Authorization: Bearer tl_…",
                headers={"WWW-Authenticate": REALM},
            )
        if not caller.key.may(scope):
            raise Problem(
                ProblemType.SCOPE_WANTED,
                f"This key lacks the scope {scope}",
                headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
                scope=scope,
            )
        return caller

    async def caller(self, request: Request) -> Caller:
        """Who asks, counted. Raises Problem 401 for a wrong key, 403 for a form of another site, 429."""
        given = request.headers.getlist("authorization")
        if given:
            scheme, _, text = given[0].partition(" ")
            record = None
            if len(given) == 1 and scheme.lower() == "bearer":
                record = await self.verify(request, text.strip())
            else:
                await self._count_address(request, cost=WRONG_KEY_COST)
            if record is None:
                raise Problem(
                    ProblemType.KEY_UNKNOWN, headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
                )
            await self._count_key(request, record)
            return self._admitted(request, Caller(record))
        session = self.session(request)
        record = await self._find(session.key_id) if session else None
        if session is None or record is None:
            await self._count_address(request)
            return ANYBODY
        await self._count_key(request, record)
        if request.method not in _SAFE:
            token = request.headers.get(FORM_TOKEN, "")
            if not self.sessions.is_form_token(token, session.nonce):
                raise Problem(ProblemType.FORM_TOKEN_WANTED)
        return self._admitted(request, Caller(record, session))

    async def verify(self, request: Request, text: str) -> KeyRecord | None:
        """The live key that a text is. A wrong one counts against its address. Raises Problem 429."""
        key = parse_key(text)
        known, known_at = self._known.get(key.id if key else "", (None, 0.0))
        if key and known and known.is_of(key) and time.monotonic() - known_at < REMEMBER_SECONDS:
            return known
        await self._count_address(request, cost=0)  # before the database is asked
        record = await self._find(key.id) if key else None
        if key is None or record is None or not record.is_of(key):
            await self._count_address(request, cost=WRONG_KEY_COST)
            return None
        return record

    def session(self, request: Request) -> Session | None:
        """The session of the request's cookie, whether or not its key still lives."""
        value = request.cookies.get(cookie_name(request))
        return self.sessions.read(value) if value else None

    async def still(self, caller: Caller) -> bool:
        """Whether a caller who was let in would be again: for streams, which last."""
        if caller.session is not None and caller.session.expires <= time.time():
            return False
        if caller.key is None:
            return self._settings.open_reading or not await self.in_force()
        return await self._find(caller.key.id) is not None

    async def close(self) -> None:
        """At the end of the app."""
        if self._touching is not None:
            await self._touching
        await self._touch()
        await self.limiter.close()

    # -- inside -----------------------------------------------------------------------------------------------

    async def _find(self, key_id: str) -> KeyRecord | None:
        """The live key of an id."""
        record, known_at = self._known.get(key_id, (None, 0.0))
        if record is None or time.monotonic() - known_at >= REMEMBER_SECONDS:
            await self._once(key_id, lambda: self._ask_for(key_id))
            record, _ = self._known.get(key_id, (None, 0.0))
        return record

    async def _once(self, name: str, ask: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Many requests want to know the same at the same moment, each second: one of them asks for all."""
        asking = self._asking.get(name)
        if asking is None:
            self._asking[name] = asking = asyncio.create_task(ask())
            asking.add_done_callback(partial(self._asked, name))
        try:
            async with asyncio.timeout(2 * self._settings.database_timeout):
                await asyncio.shield(asking)  # the one may be cut off, the others not with it
        except TimeoutError:
            # Its connection may be silent for long; each waits no longer than it might for one of its own.
            raise psycopg_pool.PoolTimeout("no answer about keys in time") from None

    def _asked(self, name: str, asking: asyncio.Task[None]) -> None:
        del self._asking[name]
        if not asking.cancelled():
            asking.exception()  # whoever waited has been told; perhaps nobody does any more

    async def _ask_in_force(self) -> None:
        now = time.monotonic()
        self._in_force = await self._keys.exist()
        self._asked_at = now

    async def _ask_for(self, key_id: str) -> None:
        now = time.monotonic()
        record = await self._keys.find(key_id)
        if record is not None and record.revoked_at is None:
            self._known[key_id] = (record, now)
        else:
            self._known.pop(key_id, None)

    def _admitted(self, request: Request, caller: Caller) -> Caller:
        request.state.caller = caller
        if caller.key is not None:
            self._used[caller.key.id] = dt.datetime.now(dt.UTC)
            now = time.monotonic()
            if now - self._touched_at >= TOUCH_SECONDS and (self._touching is None or self._touching.done()):
                self._touched_at = now
                self._touching = asyncio.create_task(self._touch(), name="touch keys")
        return caller

    async def _touch(self) -> None:
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._keys.touch(used)
        except psycopg.Error as error:  # not worth failing anything for; the next use is kept
            log.warning("when keys were used was not kept", error=type(error).__name__)

    async def _count_key(self, request: Request, record: KeyRecord) -> None:
        if limit := self._settings.rate_per_key:
            _tell(request, await self.limiter.hit("key", record.id, limit))

    async def _count_address(self, request: Request, cost: int = 1) -> None:
        if limit := self._settings.rate_per_address:
            host = request.client.host if request.client else ""
            _tell(request, await self.limiter.hit("address", address_of(host), limit, cost=cost))


def _tell(request: Request, allowance: Allowance) -> None:
    request.state.allowance = allowance
    if allowance.exhausted:
        raise Problem(ProblemType.TOO_MANY_REQUESTS, headers={"Retry-After": str(allowance.resets_in)})


def _check_host(request: Request) -> None:
    """Without keys only under a loopback name: any site can make a name of its own lead to 127.0.0.1."""
    if not _names_loopback(request.headers.get("host", "")):
        raise Problem(
            ProblemType.LOOPBACK_ONLY, "Without keys this service answers under localhost and 127.0.0.1 alone"
        )


@lru_cache(16)  # those who may, say the same each time
def _names_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name)


# For the OpenAPI document; what is sent is read by `Access.caller`.
_bearer = HTTPBearer(auto_error=False, description="A key: `treatyline keys create` makes one")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="A session of the page")


def admits(scope: Scope, *, open_to_all: bool = True) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """The dependency that lets in who may do what `scope` names, and gives who it is."""

    async def admit(
        request: Request,
        _header: object = Security(_bearer, scopes=[scope.value]),
        _session: object = Security(_cookie, scopes=[scope.value]),
    ) -> Caller:
        access: Access = request.app.state.access
        return await access.admit(request, scope, open_to_all=open_to_all)

    return admit


def needs(scope: Scope, *, open_to_all: bool = True) -> Any:
    """`admits` for a route's or router's `dependencies=[…]`."""
    return Security(admits(scope, open_to_all=open_to_all))
