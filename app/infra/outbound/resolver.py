"""Names to addresses: asked once, every answer vetted, nothing remembered."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from app.infra.outbound.addresses import AllowedNetworks, IPAddress
from app.infra.outbound.urls import Target, UnsafeUrl, check_address, check_url

REGISTRATION_SECONDS = 5.0
_THREADS = 16  # names whose servers never answer hold one each, for as long as the system's resolver is patient


class Resolver(Protocol):
    """What knows the addresses of a name."""

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        """Return every address of the name; none where it has none.

        Raises:
            OSError: the name does not exist, or nobody could be asked.
        """


class SystemResolver:
    """The resolver of the operating system, in threads of its own, one for a name however many ask at once.

    Not `loop.getaddrinfo`: that shares a handful of threads with everything else, and a few dead names would stop it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="resolver")
        self._asked: dict[str, asyncio.Future[list[IPAddress]]] = {}

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        """Ask the system, or join whoever is asking for the same name.

        Raises:
            OSError: as `getaddrinfo` says.
        """
        asked = self._asked.get(host)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host)
            self._asked[host] = asked
            asked.add_done_callback(lambda _: self._asked.pop(host))
        return await asyncio.shield(asked)  # one who gives up does not take the answer from the others

    def close(self) -> None:
        """Let go of the threads without waiting for names that hang."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def vet(url: str, resolver: Resolver, allowed: AllowedNetworks) -> Target:
    """Check a URL as when it is registered: its spelling, and every answer of its name. Nobody is contacted.

    Raises:
        UnsafeUrl: as `check_url`, or the name has no address, or one of its addresses may not be reached.
    """
    target = check_url(url, allowed)
    if target.address is None:
        try:
            async with asyncio.timeout(REGISTRATION_SECONDS):
                await resolve_vetted(target, resolver, allowed)
        except OSError as error:  # TimeoutError is one
            raise UnsafeUrl("the host has no public address", f"{target.host}: {error}") from error
    return target


async def resolve_vetted(target: Target, resolver: Resolver, allowed: AllowedNetworks) -> Sequence[IPAddress]:
    """Resolve the name of a target once, and return its addresses if each of them may be reached.

    One bad answer refuses them all: a filter would let a name hide a private address behind a public one.

    Raises:
        UnsafeUrl: one of the addresses may not be reached.
        OSError: the name has no address.
    """
    addresses = await resolver.resolve(target.host)
    if not addresses:
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
    for address in addresses:
        check_address(target, address, allowed)
    return addresses


def _getaddrinfo(host: str) -> list[IPAddress]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(entry[4][0]) for entry in found]
