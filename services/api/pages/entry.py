"""`/entries/{id}`: one entry of the timeline with everything that tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from starlette.responses import RedirectResponse

from services.api.pages.base import METHODS, AskedDep, page_router, view_of
from services.api.pages.excerpts import add_excerpts
from services.api.timeline import find_entry
from services.core.domain.dossier import load_dossier
from services.core.web.problems import Problem

TELLINGS_ON_PAGE = 200

router = page_router()


@router.api_route("/entries/{entry_id}", methods=METHODS)
async def show_entry(
    asked: AskedDep,
    entry_id: UUID,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """One entry with its mentions in their context, and how it came about; many mentions on pages of their own."""
    conn, clocks = asked.conn, asked.clocks
    entry = await find_entry(conn, entry_id, clocks)
    if isinstance(entry, UUID):
        return RedirectResponse(view_of(asked.request, asked.dossier).at("entries", str(entry)), 308)
    if entry["dossier"] != asked.dossier.id:
        asked = replace(asked, dossier=load_dossier(entry["dossier"]))
    start = (page - 1) * TELLINGS_ON_PAGE
    tellings = entry["mentions"][start : start + TELLINGS_ON_PAGE]
    if page > 1 and not tellings:
        raise Problem(404, "No article is on this page")
    await add_excerpts(conn, clocks, "mentions", tellings, wide=True)
    return await asked.show(
        "entry.html",
        entry=entry,
        history=by_cause(entry["history"]) if page == 1 else [],
        tellings=tellings,
        page=page,
        following=page + 1 if start + TELLINGS_ON_PAGE < len(entry["mentions"]) else None,
    )


def by_cause(history: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Versions, newest first; neighbours that differ only in how many copies tell it are one: `first`, `times`."""
    found: list[dict[str, Any]] = []
    for version in history:
        newer = found[-1] if found else None
        same = ("cause", "date", "status", "actors", "recipients")
        if newer and newer["cause"] == "copy" and all(newer[name] == version[name] for name in same):
            newer["first"] = version["version"]
            newer["times"] += 1
        else:
            found.append({**version, "first": version["version"], "times": 1})
    return found
