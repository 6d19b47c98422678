"""Send one request to an address of somebody else's choice, and say what became of it."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx

from app.infra.outbound.addresses import NOTHING_OPENED, AllowedNetworks
from app.infra.outbound.outcome import FAILURES, Outcome, Reason, explain, reason_of_failure, reason_of_status
from app.infra.outbound.resolver import Resolver, SystemResolver
from app.infra.outbound.transport import DIALLED, GuardedTransport, SocketFactory, open_socket
from app.infra.outbound.urls import check_url

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
MAX_READ = 64 * 1024  # of an answer's body, as it comes over the wire
MAX_KEPT = 4 * 1024
_MAX_LOCATION = 2048
_MAX_RETRY_AFTER = 64  # a date has 29 characters (RFC 9110, section 5.6.7)

# No compression is asked for and none undone: what is small on the wire may not grow here (RFC 9110, section 12.5.3).
_HEADERS: dict[str, str] = {"User-Agent": "Trunkline-Webhooks/1.0", "Accept": "*/*", "Accept-Encoding": "identity"}


class Sender:
    """The HTTP client of the process, as an asynchronous context manager. Make one, not one per request."""

    def __init__(
        self,
        allowed: AllowedNetworks = NOTHING_OPENED,
        *,
        resolver: Resolver | None = None,
        total_seconds: float = TOTAL_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        verify: ssl.SSLContext | None = None,
        open_socket: SocketFactory = open_socket,
    ) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._total = total_seconds
        # "pool" is aiohttp's limit for all it takes to have a connection: a place, the name, the dialling, TLS.
        limits = {"read": total_seconds, "write": total_seconds, "connect": connect_seconds, "pool": connect_seconds}
        self._limits = {"timeout": limits}
        self._verify = verify
        self._open_socket = open_socket
        self._own_resolver: SystemResolver | None = None
        self._transport: GuardedTransport | None = None

    async def __aenter__(self) -> Self:
        if self._resolver is None:
            self._resolver = self._own_resolver = SystemResolver()
        self._transport = GuardedTransport(
            self._resolver, self._allowed, verify=self._verify, open_socket=self._open_socket
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        transport, self._transport = self._transport, None
        assert transport is not None
        await transport.aclose()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """POST the body, read at most 64 KiB of the answer, and return what happened, whatever the network does.

        The deadline is a wall around everything: a name that hangs, a slow handshake, a body that drips.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        got = _Answer(begun)
        try:
            async with asyncio.timeout(self._total):
                await self._exchange(check_url(url, self._allowed).url, headers, body, got)
            reason = reason_of_status(got.status or 0)
        except FAILURES as error:
            reason, got.detail = reason_of_failure(error), explain(error)
        return got.outcome(reason, loop.time() - begun)

    async def _exchange(self, url: str, headers: Mapping[str, str], body: bytes, got: "_Answer") -> None:
        assert self._transport is not None, "a Sender is used inside of `async with`"
        # Past httpx's client, which would follow, remember and ask the environment, and takes as long as all the rest.
        fields, more = {**_HEADERS, **headers}, {**self._limits, DIALLED: got.dial}
        request = httpx.Request("POST", _parsed(url), headers=fields, content=body, extensions=more)
        response = await self._transport.handle_async_request(request)
        try:
            got.status, got.first_byte = response.status_code, asyncio.get_running_loop().time() - got.begun
            got.retry_after = _field(response, "retry-after", _MAX_RETRY_AFTER)
            got.location = _field(response, "location", _MAX_LOCATION)
            async for chunk in response.aiter_raw():
                got.take(chunk)
                if got.size >= MAX_READ:
                    return  # closing closes the connection, with whatever was still to come
        finally:
            await response.aclose()


@lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    """Return a URL as httpx has it; one endpoint's is sent to again and again."""
    return httpx.URL(url)


@dataclass(slots=True)
class _Answer:
    """What has come so far, which is kept when the rest does not come."""

    begun: float
    status: int | None = None
    first_byte: float | None = None
    address: str | None = None
    retry_after: str | None = None
    location: str | None = None
    kept: bytearray = field(default_factory=bytearray)
    size: int = 0
    detail: str = ""

    def dial(self, address: str) -> None:
        self.address = address

    def take(self, chunk: bytes) -> None:
        self.kept += chunk[: MAX_KEPT - len(self.kept)]
        self.size += len(chunk)

    def outcome(self, reason: Reason, duration: float) -> Outcome:
        return Outcome(
            reason=reason,
            status=self.status,
            duration=duration,
            answer=bytes(self.kept),
            truncated=self.size > len(self.kept),
            retry_after=self.retry_after,
            detail=self.detail,
            location=self.location,
            first_byte=self.first_byte,
            address=self.address,
        )


def _field(response: httpx.Response, name: str, longest: int) -> str | None:
    value = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and 0 < len(value) <= longest else None
