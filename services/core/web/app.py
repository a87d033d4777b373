"""The frame that both web services, and the two on one port, are built into."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from services.core.settings import Settings
from services.core.web.database import Lifespan
from services.core.web.health import install_health
from services.core.web.middleware import install_middleware
from services.core.web.problems import ProblemDocument, install_problems, problem_responses
from services.core.web.static_paths import StaticPaths


def new_app(settings: Settings, *, title: str, summary: str, lifespan: Lifespan | None = None) -> FastAPI:
    """An app with problem answers, request ids, limits, health and metrics, and no route of its own.

    Services add theirs by `install(app, …)`. `app.state.settings` holds the settings. There are no
    `/docs` pages: they would load scripts from other hosts; `/openapi.json` is served.
    """
    app = FastAPI(
        title=title,
        summary=summary,
        version=version("treatyline"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=problem_responses(),
    )
    app.state.settings = settings
    app.router.routes.insert(0, StaticPaths(app))
    install_problems(app)
    install_middleware(app, max_body_bytes=settings.max_body_bytes, cors_origins=settings.cors_origins)
    install_health(app)
    add_schemas(app, ProblemDocument)
    return app


def add_schemas(app: FastAPI, *models: type[BaseModel]) -> None:
    """Put models that no route signature names into the OpenAPI document's components."""
    known: dict[str, Any] = getattr(app.state, "extra_schemas", {})
    app.state.extra_schemas = known
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        known.update(schema.pop("$defs", {}))
        known[model.__name__] = schema
    if getattr(app.state, "plain_openapi", None) is None:
        app.state.plain_openapi = plain = app.openapi

        def openapi() -> dict[str, Any]:
            if app.openapi_schema is None:
                components = plain().setdefault("components", {}).setdefault("schemas", {})
                for name, schema in app.state.extra_schemas.items():
                    components.setdefault(name, schema)
            return plain()

        app.openapi = openapi  # type: ignore[method-assign]
