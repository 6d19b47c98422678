"""Send one request to an address of somebody else's choice, and say what became of it."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
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
_HEADERS = {"User-Agent": "Trunkline-Webhooks/1.0", "Accept": "*/*", "Accept-Encoding": "identity"}


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
        self._connect = connect_seconds
        self._verify = verify
        self._open_socket = open_socket
        self._own_resolver: SystemResolver | None = None
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        if self._resolver is None:
            self._resolver = self._own_resolver = SystemResolver()
        self._client = httpx.AsyncClient(
            transport=GuardedTransport(
                self._resolver,
                self._allowed,
                verify=self._verify,
                open_socket=self._open_socket,
            ),
            # "pool" is aiohttp's limit for all it takes to have a connection: a place, the name, the dialling, TLS.
            timeout=httpx.Timeout(self._total, connect=self._connect, pool=self._connect),
            headers=_HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        assert client is not None
        await client.aclose()
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
        assert self._client is not None, "a Sender is used inside of `async with`"
        tell = {DIALLED: got.dial}
        async with self._client.stream("POST", url, headers=headers, content=body, extensions=tell) as response:
            got.status, got.first_byte = response.status_code, asyncio.get_running_loop().time() - got.begun
            got.retry_after = _field(response, "retry-after", _MAX_RETRY_AFTER)
            got.location = _field(response, "location", _MAX_LOCATION)
            async for chunk in response.aiter_raw():
                got.take(chunk)
                if got.size >= MAX_READ:
                    return  # leaving closes the connection, with whatever was still to come


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
