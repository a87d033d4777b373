"""The frame of every page: templates, static files, the policy of what a browser may load."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.api.caching import check_unchanged, etag_of
from services.api.pages import words
from services.api.pages.citations import Citation, plain
from services.api.pages.view import IN_FORM, View, address

# Nothing from elsewhere, nothing inline, no string becomes markup; forms go home, nobody may frame the page.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

_MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file, held in memory."""

    content: bytes
    media_type: str
    digest: str

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


@cache
def _assets() -> dict[str, Asset]:
    found = {}
    for file in (resources.files("services.api") / "static").iterdir():
        if media_type := _MEDIA_TYPES.get(file.name.rpartition(".")[2]):
            content = file.read_bytes()
            found[file.name] = Asset(content, media_type, hashlib.sha256(content).hexdigest()[:16])
    return found


def asset(name: str) -> Asset | None:
    """The static file of that name."""
    return _assets().get(name)


def asset_address(name: str) -> str:
    """Where the page finds a static file: another address whenever the file changes."""
    return f"/static/{name}?v={_assets()[name].digest}"


@cache
def _edition() -> str:
    """Changes whenever a template or a static file does: the same data then make another page."""
    folder = resources.files("services.api") / "templates"
    parts = [file.read_bytes() for file in sorted(folder.iterdir(), key=lambda f: f.name) if file.is_file()]
    parts += [found.digest.encode() for _, found in sorted(_assets().items())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


@cache
def environment() -> Environment:
    """The templates. Everything that is not markup of ours is escaped; an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("services.api", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(static=asset_address, signs=words.SIGNS, voices=words.VOICES,
                        causes=words.CAUSES, reviews=words.REVIEWS, verdicts=words.VERDICTS,
                        bases=words.BASES, number=words.number, IN_FORM=IN_FORM)  # fmt: skip
    made.filters.update(
        date_words=words.date_words,
        month_name=words.month_name,
        month_short=words.month_short,
        time_words=words.time_words,
        exact_time=words.exact_time,
        machine_time=words.machine_time,
        web_address=words.web_address,
        source_name=words.source_name,
        mid_sentence=words.mid_sentence,
        tone=words.tone,
        host=words.host,
        cited=cited,
        asked=lambda names: address("", names.items()),
    )
    return made


def cited(told: Mapping[str, Any], permalink: str) -> str:
    """The plain citation of a mention that has its excerpt."""
    return plain(
        Citation(
            article_id=told["article"],
            title=told["excerpt"].title,
            author=told["excerpt"].author,
            outlet=told["outlet"],
            published=told["published_at"],
            url=told["url"],
            language=None,
            permalink=permalink,
        )
    )


def page_etag(request: Request, position: int) -> str:
    """The validator of a page that reflects a position. Raises NotModified where the browser has the page."""
    caller = getattr(request.state, "caller", None)
    session = caller.session.nonce if caller is not None and caller.session is not None else ""
    named = hashlib.sha256(f"{etag_of(request, position)}\n{_edition()}\n{session}".encode()).hexdigest()[:24]
    etag = f'W/"{named}"'
    check_unchanged(request, etag)
    return etag


def render(
    template: str, view: View, *, status: int = 200, etag: str | None = None, **context: Any
) -> Response:
    """A page. Caches may keep one that has a validator, and ask each time whether it still holds."""
    page = environment().get_template(template).render(view=view, dossier=view.dossier, **context)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Content-Language": "en"}
    headers |= {"ETag": etag, "Cache-Control": "no-cache"} if etag else {"Cache-Control": "no-store"}
    return HTMLResponse(page, status, headers)
