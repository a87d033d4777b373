"""The bare limit of taking articles in: FastAPI validates the same model and does one INSERT, on disk.

Served by `python -m benchmarks.bare_ingest PORT`; BENCH_DATABASE_URL names the database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg_pool
import uvicorn
from fastapi import FastAPI

from services.ingest.schemas import PlainArticle

TABLE = (
    "CREATE TABLE IF NOT EXISTS bare_articles (id uuid PRIMARY KEY, url text, title text, text text NOT NULL)"
)
INSERT = "INSERT INTO bare_articles (id, url, title, text) VALUES (%s, %s, %s, %s)"


def create_app(database_url: str) -> FastAPI:
    pool = psycopg_pool.AsyncConnectionPool(
        database_url, min_size=2, max_size=8, kwargs={"autocommit": True}, open=False
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        try:
            yield
        finally:
            await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/articles", status_code=202)
    async def post(article: PlainArticle) -> dict[str, str]:
        id_ = uuid4()
        async with pool.connection() as conn:
            await conn.execute(INSERT, (id_, article.url, article.title, article.text))
        return {"id": str(id_), "state": "received"}

    @app.get("/readyz")
    async def ready() -> None:
        return None

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_DATABASE_URL"]),
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        # As ours is served: the same loop and parser, which uvicorn finds, and nothing beside them.
        proxy_headers=False,
        server_header=False,
    )
