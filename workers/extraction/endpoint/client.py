"""One question to an OpenAI-compatible endpoint (chat completions), within a time and a size."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from services.core.settings import Settings

MOST_BYTES = 512 * 1024  # of an answer, headers not counted
READ = "read"  # the outcome of an answer that was used
_PATH = "/chat/completions"


class EndpointFailed(Exception):  # noqa: N818 - named by what happened
    """The endpoint gave no usable answer; `reason` is one of REASONS and holds no word of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


#: Why an answer was not used; each is a label of `treatyline_second_reader`.
REASONS = (
    "too-long",  # the article is, and was not sent
    "timeout",
    "unreachable",  # no connection, or one that broke
    "http-error",  # any status but 200
    "too-large",
    "refusal",
    "cut-off",  # it ended before it was whole
    "nonsense",  # not JSON
    "wrong-schema",  # JSON of another form
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask. `url` is the base, such as https://host/v1; `seconds` is for a whole answer."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 10.0

    @property
    def name(self) -> str:
        """How readings name it."""
        return f"endpoint/{self.model}"

    @property
    def version(self) -> str:
        """What distinguishes readings that it took part in: eight characters of model, address and question."""
        from workers.extraction.endpoint.question import QUESTION_VERSION  # noqa: PLC0415 - imports this

        known = json.dumps([self.url, self.model, QUESTION_VERSION])
        return hashlib.sha256(known.encode()).hexdigest()[:8]


def endpoint_of(settings: Settings) -> Endpoint | None:
    """The endpoint that the settings name; None where the second reader is off."""
    if settings.llm_url is None:
        return None
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    return Endpoint(settings.llm_url, settings.llm_model or "", key, settings.llm_timeout)


def ask(endpoint: Endpoint, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
    """The content of the endpoint's answer. Raises EndpointFailed."""
    body = {
        "model": endpoint.model,
        "messages": list(messages),
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "records", "strict": True, "schema": schema},
        },
    }
    headers = {"Accept-Encoding": "identity"}  # what is small on the wire is small unpacked
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    url = endpoint.url.rstrip("/")
    try:
        answer = _posted(url if url.endswith(_PATH) else url + _PATH, body, headers, endpoint.seconds)
    except httpx2.TimeoutException:
        raise EndpointFailed("timeout") from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise EndpointFailed("unreachable") from None
    return _content(answer)


def _posted(url: str, body: Any, headers: Mapping[str, str], seconds: float) -> bytes:
    """The bytes of a 200 answer, all of it within the time: it may trickle, each piece in time, the whole never."""
    try:
        return asyncio.run(asyncio.wait_for(_streamed(url, body, headers, seconds), seconds))
    except TimeoutError:
        raise EndpointFailed("timeout") from None


async def _streamed(url: str, body: Any, headers: Mapping[str, str], seconds: float) -> bytes:
    """No redirect is followed: the text and the key go where they were meant to."""
    received = bytearray()
    async with (
        httpx2.AsyncClient(timeout=seconds, follow_redirects=False) as client,
        client.stream("POST", url, json=body, headers=headers) as response,
    ):
        if response.status_code != 200:
            raise EndpointFailed("http-error")
        async for piece in response.aiter_raw():
            received += piece
            if len(received) > MOST_BYTES:
                raise EndpointFailed("too-large")
    return bytes(received)


def _content(answer: bytes) -> str:
    """What the model wrote, out of the envelope."""
    try:
        envelope = json.loads(answer)
    except (ValueError, RecursionError):
        raise EndpointFailed("nonsense") from None
    try:
        choice = envelope["choices"][0]
        message, ended = choice["message"], choice.get("finish_reason")
        content, refusal = message.get("content"), message.get("refusal")
    except (AttributeError, IndexError, KeyError, TypeError):
        raise EndpointFailed("wrong-schema") from None
    if refusal or ended == "content_filter":
        raise EndpointFailed("refusal")
    if ended == "length":
        raise EndpointFailed("cut-off")
    if not isinstance(content, str):
        raise EndpointFailed("wrong-schema")
    return content
