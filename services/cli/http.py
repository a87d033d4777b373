"""The command line's side of the HTTP interface: one client, and errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
from pydantic import SecretStr

from services.cli.backends import running
from services.core.errors import TreatylineError
from services.core.settings import Settings


class ServiceError(TreatylineError):
    """The service did not do what was asked."""


class Service:
    """A running Treatyline, addressed by its URL."""

    def __init__(self, url: str, *, timeout: float = 30.0, key: SecretStr | None = None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        self._client = httpx2.Client(base_url=self.url, timeout=timeout, headers=headers)

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ready(self) -> bool:
        """Whether every part that the service needs can be reached."""
        try:
            return self._client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def get(self, path: str, *, wait: int = 0, **params: Any) -> dict[str, Any]:
        """A JSON document. `wait`: seconds that the service may take to finish what is asked about."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        given = {key: value for key, value in params.items() if value is not None}
        return self._send("GET", path, params=given, headers=headers)[1]

    def pages(self, path: str, *, most: int | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page, at most `most`."""
        cursor, given = None, 0
        while True:
            page = self.get(
                path, **params, cursor=cursor, limit=500 if most is None else min(most - given, 500)
            )
            for item in page["data"]:
                yield item
                given += 1
            cursor = page["next"]
            if cursor is None or (most is not None and given >= most):
                return

    def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Status and JSON answer of a command."""
        return self._send("POST", path, json=body)

    def send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The JSON answer of any other request; empty where it has none."""
        return self._send(method, path, **options)[1]

    def _send(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
        try:
            response = self._client.request(method, path, **options)
        except httpx2.TransportError as error:
            raise ServiceError(
                f"no answer from {self.url} ({type(error).__name__}): start it with `treatyline up`, "
                "or name another with --url"
            ) from None
        if response.is_success:
            return response.status_code, response.json() if response.content else {}
        raise ServiceError(_problem(response))


def _problem(response: httpx2.Response) -> str:
    try:
        problem = response.json()
    except ValueError:
        return f"{response.status_code} {response.reason_phrase}"
    if response.status_code == 401:
        return f"401 {problem.get('title', '')}: set TREATYLINE_API_KEY (`treatyline keys create` makes keys)"
    fields = "; ".join(f"{e.get('field')}: {e.get('detail')}" for e in problem.get("errors", ()))
    said = fields or problem.get("detail") or ""
    return f"{response.status_code} {problem.get('title', '')}" + (f" ({said})" if said else "")


def service(settings: Settings, url: str | None) -> Service:
    """The service at `url`, else the one that runs on this data folder, else at the configured port."""
    found = running(settings)
    at = url or (found.url if found else f"http://{settings.host}:{settings.port}")
    return Service(at, key=settings.api_key)
