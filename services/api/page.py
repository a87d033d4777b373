"""The web page: everything from the same queries as the API, rendered here, readable without scripts."""

from __future__ import annotations

from fastapi import APIRouter

from services.api.pages import actor, article, coverage, entry, files, fresh, front, positions

router = APIRouter()
for part in (front, entry, fresh, positions, actor, article, coverage):
    router.include_router(part.router)

assets = files.router
