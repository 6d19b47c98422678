"""The guarded transport: httpx's API over aiohttp's connections, which open to vetted addresses only.

Two hooks of aiohttp's connector hold the guard: its resolver, asked once for each new connection, and its socket
factory, the last that sees an address before it is dialled, also where the URL had it literally. SNI and the check of
the certificate stay on the name, since the URL is never rewritten to an address.
"""

import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from httpx_aiohttp import AiohttpTransport

from app.infra.outbound.addresses import AllowedNetworks
from app.infra.outbound.resolver import Resolver, resolve_vetted
from app.infra.outbound.urls import Target, UnsafeUrl, check_address, check_url

# A kept connection skips the resolver, so it may not be kept for long; and it must be let go of before the receiver
# does so, or a delivery meets a closing connection: common servers wait five seconds.
KEEP_ALIVE_SECONDS = 2.0
MAX_CONNECTIONS = 512
_STALE_TRIES = 3
_STALE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
_MAX_DIALLED = 8  # of a name with more addresses, all are vetted and this many tried

DIALLED = "dialled"
"""The extension of a request that is called with each IP address that is dialled for it, or was before."""

SocketFactory = Callable[[AddrInfoType], socket.socket]


def _tell_nobody(address: str) -> None:
    """Let an address be: nobody asked for it."""


@dataclass(slots=True)
class _Visit:
    """What the request at hand may connect to, as aiohttp's hooks are told host and port alone.

    `connecting` tells that it took no kept connection but asked for one of its own. `tell` hears what is dialled.
    """

    target: Target
    tell: Callable[[str], None] = _tell_nobody
    connecting: bool = False


_visit: ContextVar[_Visit] = ContextVar("outbound_visit")


class UnsafeAddress(OSError):  # noqa: N818 - the name says what is wrong
    """An address that the target may not have. An OSError, because that is what aiohttp carries out of its hooks."""


def open_socket(info: AddrInfoType) -> socket.socket:
    """Make the socket that aiohttp will connect to the address in `info`."""
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


def tls_context() -> ssl.SSLContext:
    """Trust the authorities of `certifi`, and those of the system for what an operator runs inside."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


class GuardedTransport(httpx.AsyncBaseTransport):
    """A transport for one client per process. It must be made inside of the event loop.

    `open_socket` makes the sockets after they were vetted; tests count dials with it.
    """

    def __init__(
        self,
        resolver: Resolver,
        allowed: AllowedNetworks,
        *,
        verify: ssl.SSLContext | None = None,
        open_socket: SocketFactory = open_socket,
    ) -> None:
        self._allowed = allowed
        context = verify or tls_context()
        connector = aiohttp.TCPConnector(
            resolver=_VettingResolver(resolver, allowed),
            use_dns_cache=False,
            socket_factory=_vetting(open_socket, allowed),
            ssl=context,
            limit=MAX_CONNECTIONS,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=_Response,
            auto_decompress=False,
        )
        self._inner = AiohttpTransport(verify=context, trust_env=False, client=session)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to the target that its URL names.

        A kept connection that turns out to be closed is no failure of the receiver: the request goes out again on
        another one. So it must be one that may arrive twice, as all webhooks may (RFC 9110, section 9.2.2).

        Raises:
            UnsafeUrl: the URL may not be sent to.
            httpx.TransportError: the network failed; the cause tells how (`UnsafeAddress` among them).
        """
        target = check_url(str(request.url), self._allowed)
        tell = request.extensions.get(DIALLED, _tell_nobody)
        for _ in range(_STALE_TRIES):
            visit = _Visit(target, tell)
            try:
                return await self._request(request, visit)
            except httpx.TransportError as error:
                if visit.connecting or not isinstance(error.__cause__, _STALE):
                    raise
        return await self._request(request, _Visit(target, tell))

    async def _request(self, request: httpx.Request, visit: _Visit) -> httpx.Response:
        token = _visit.set(visit)
        try:
            return await self._inner.handle_async_request(request)
        finally:
            _visit.reset(token)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()


class _Response(aiohttp.ClientResponse):
    """A response whose reason phrase is text: aiohttp leaves surrogates in it, which httpx-aiohttp stumbles over.

    It tells of the address of its connection, which may be one that was kept.
    """

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        peer = None if connection.transport is None else connection.transport.get_extra_info("peername")
        if peer is not None:
            _visit.get().tell(str(peer[0]))
        await super().start(connection)
        self.reason = (self.reason or "").encode("ascii", "replace").decode("ascii")
        return self


class _VettingResolver(AbstractResolver):
    def __init__(self, resolver: Resolver, allowed: AllowedNetworks) -> None:
        self._resolver = resolver
        self._allowed = allowed

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's signature
    ) -> list[ResolveResult]:
        visit = _visit.get()
        visit.connecting, target = True, visit.target
        if (host, port) != (target.host, target.port):  # aiohttp has read another URL than we did
            raise UnsafeAddress("the host changed under way")
        try:
            addresses = await resolve_vetted(target, self._resolver, self._allowed)
        except UnsafeUrl as error:
            raise UnsafeAddress(error.detail or error.reason) from None
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,  # noqa: PLR2004 - IP's versions
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses[:_MAX_DIALLED]
        ]

    async def close(self) -> None:
        """Keep the resolver: it is its maker's."""


def _vetting(open_socket: SocketFactory, allowed: AllowedNetworks) -> SocketFactory:
    def vet_and_open(info: AddrInfoType) -> socket.socket:
        try:
            visit = _visit.get()
            visit.connecting = True
            check_address(visit.target, ip_address(info[4][0]), allowed)
            visit.tell(str(info[4][0]))
        except (UnsafeUrl, LookupError, ValueError):
            raise UnsafeAddress("refused before it was dialled") from None
        return open_socket(info)

    return vet_and_open
