"""Turning whatever is raised into an answer: problem details, and nothing of the inside of the program."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from app.infra.etags import NotModified
from app.infra.keyring import UnknownKey
from app.infra.problems import (
    InternalError,
    InvalidTransition,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
    ValidationFailed,
)
from app.sla.errors import IllegalTransition, OutOfRange

request_id: ContextVar[str] = ContextVar("request_id", default="")
_log = structlog.get_logger(__name__)

# Deadlock, serialization, lock not available, shutting down, too many connections: another try may pass.
_PASSING = {"40P01", "40001", "55P03", "57P01", "57P03", "53300"}


def problem_body(problem: Problem, path: str) -> dict[str, object]:
    """Return the members of a problem."""
    return {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "request_id": request_id.get(),
        "code": problem.code,
        **problem.extra,
    }


def install(app: FastAPI) -> None:
    """Let every way of failing end in a problem; what is left over is a ``fault``, which ``RequestIds`` answers."""
    app.exception_handler(Problem)(_problem)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(NotModified)(_not_modified)
    app.exception_handler(IllegalTransition)(_illegal)
    app.exception_handler(OutOfRange)(_out_of_range)
    app.exception_handler(UnknownKey)(_unknown_key)
    app.exception_handler(DBAPIError)(_database)
    app.exception_handler(PoolTimeout)(_busy)
    app.exception_handler(ConnectionError)(_busy)


def _answer(problem: Problem, request: Request) -> Response:
    return JSONResponse(
        problem_body(problem, request.url.path),
        problem.status,
        headers={**getattr(request.state, "told", {}), **problem.headers},
        media_type="application/problem+json",
    )


async def _problem(request: Request, error: Problem) -> Response:
    return _answer(error, request)


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    faults = error.errors()
    if any(fault["loc"][:1] == ("path",) for fault in faults):
        return _answer(NotFound("there is no such object"), request)
    errors = [{"pointer": _pointer(fault), "detail": str(fault["msg"])} for fault in faults]
    said = "; ".join(f"{fault['pointer'].lstrip('/') or 'body'}: {fault['detail']}" for fault in errors[:3])
    return _answer(ValidationFailed(said, errors), request)


def _pointer(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return ""  # the whole body: what is said of it is where the reader stopped, not a member
    location: Sequence[int | str] = fault["loc"]
    parts = location[1:] if location and location[0] in {"body", "query", "header"} else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


async def _http(request: Request, error: HTTPException) -> Response:
    headers: Mapping[str, str] = error.headers or {}
    if error.status_code == MethodNotAllowed.status:
        return _answer(MethodNotAllowed(f"{request.method} is not allowed here", headers=headers), request)
    if error.status_code == NotFound.status:
        return _answer(NotFound(f"there is nothing at {request.url.path}"), request)
    return _answer(ValidationFailed(str(error.detail)), request)


async def _not_modified(request: Request, error: NotModified) -> Response:
    return Response(status_code=304, headers={**getattr(request.state, "told", {}), "ETag": error.etag})


async def _illegal(request: Request, error: IllegalTransition) -> Response:
    return _answer(InvalidTransition(str(error), allowed=[]), request)


async def _out_of_range(request: Request, error: OutOfRange) -> Response:
    return _answer(ValidationFailed(f"this leads to an instant that no calendar reaches: {error}"), request)


async def _unknown_key(request: Request, error: UnknownKey) -> Response:
    _log.error("a key is missing", path=request.url.path, request_id=request_id.get(), error=str(error))
    return _answer(Unavailable(f"the desk's operator has to act: {error}", headers={"Retry-After": "60"}), request)


async def _database(request: Request, error: DBAPIError) -> Response:
    state: Any = getattr(error.orig, "sqlstate", None)
    if state in _PASSING or error.connection_invalidated:
        return await _busy(request, error)
    return await fault(request, error)


async def _busy(request: Request, error: Exception) -> Response:
    _log.warning("unavailable", error=type(error).__name__)
    return _answer(Unavailable("the desk is busy or its database away", headers={"Retry-After": "1"}), request)


async def fault(request: Request, error: Exception) -> Response:
    """Answer a fault of ours, and record it."""
    _log.error("unhandled error", path=request.url.path, request_id=request_id.get(), exc_info=error)
    return _answer(InternalError("something went wrong on our side; it is recorded"), request)
