"""The API process: wires the rooms into one application."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from app import docs_pages
from app.api import UNVERSIONED, VERSIONED
from app.auth.models import DeskSecret
from app.auth.rate_limits import RateLimits
from app.auth.visit import Desk
from app.events.streams import Streams
from app.infra import answers
from app.infra.asgi import BodyLimit, RequestIds
from app.infra.db import Database
from app.infra.health import SEEN_WITHIN, last_sign, revision
from app.infra.migrations import head
from app.infra.now import wall_now
from app.infra.outbound.resolver import SystemResolver
from app.infra.paging import Cursors
from app.infra.settings import Settings
from app.openapi import describe
from app.registry import SOURCES, register_reactions
from app.tickets.attachments_router import MOST_OF_AN_UPLOAD, UPLOADS

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


async def open_desk(settings: Settings) -> Desk:
    """Open the services that live as long as the process."""
    assert settings.database_url is not None, "the roots settle which database it is"
    database = Database(settings.database_url, pool_size=settings.pool_size)
    async with database.transaction() as session:
        secret = await session.get_one(DeskSecret, "cursors")
    return Desk(
        settings=settings,
        database=database,
        cursors=Cursors(secret.value),
        limits=RateLimits(settings.rate_limit_per_minute, settings.rate_limit_burst),
        resolver=SystemResolver(),
        keyring=settings.keyring,
        sources=SOURCES,
    )


def open_streams(desk: Desk) -> Streams:
    """Return the place of the process's streams of events."""
    settings = desk.settings
    return Streams(desk.database, per_key=settings.streams_per_key, per_process=settings.streams_per_process)


class ApiServer(uvicorn.Server):
    """The ASGI server, which ends the streams of events before it waits for what is under way."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self.config.app.state.streams.close()  # type: ignore[union-attr]  # it is ours
        await super().shutdown(sockets)


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its desk opens when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = await open_desk(settings)
        app.state.streams = open_streams(app.state.desk)
        yield
        app.state.streams.close()
        await app.state.desk.database.close()

    return bare_app(lifespan)


def bare_app(lifespan: Lifespan | None = None) -> FastAPI:
    """Return the application without a desk: enough to describe itself."""
    register_reactions()
    app = FastAPI(
        title="Trunkline",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=lambda route: route.name,
    )
    for router in VERSIONED:
        app.include_router(router, prefix="/v1")
    for router in UNVERSIONED:
        app.include_router(router)
    answers.install(app)
    docs_pages.install(app)
    _health(app)
    describe(app)
    app.add_middleware(BodyLimit, uploads=UPLOADS, most_of_an_upload=MOST_OF_AN_UPLOAD)
    app.add_middleware(RequestIds)
    return app


def _health(app: FastAPI) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> JSONResponse:
        checks = await _checks(request.app.state.desk)
        ready = all(said == "ok" for said in checks.values())
        return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


async def _checks(desk: Desk) -> dict[str, str]:
    try:
        async with desk.database.transaction() as session:
            at, seen = await revision(session), await last_sign(session)
    except (SQLAlchemyError, OSError) as error:
        return {"database": f"away: {type(error).__name__}"}
    behind = "ok" if at == head() else f"at {at}, the program is at {head()}: run trunkline migrate"
    alive = seen is not None and wall_now() - seen < SEEN_WITHIN
    return {"database": "ok", "migrations": behind, "worker": "ok" if alive else "no worker seen within a minute"}
