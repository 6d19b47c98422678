"""How many signed deliveries of 1 KB a second: our guarded sender beside httpx as it comes and bare aiohttp.

Usage: python bench/outbound_bench.py [requests per cell]

The sink is a process of its own on loopback, plain HTTP, answering 204 at once. Every cell is run twice, interleaved,
and the better run counts, so that the ratios hold within one run of this script; the figures do so on one machine only.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import cast

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks import signature

BODY = b'{"type":"sla.warning","data":"' + b"x" * 992 + b'"}'
SECRET = signature.new_secret()
IN_FLIGHT = (1, 8, 32)
COUNTS = {"httpx": 300}  # it gets slower with load, so it is asked for fewer

Post = Callable[[dict[str, str]], Awaitable[int | None]]


class Sink(asyncio.Protocol):
    """Answers 204 to whatever carries a whole head and a body of `BODY`'s length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        end = self.data.find(b"\r\n\r\n")
        if 0 <= end <= len(self.data) - 4 - len(BODY):
            self.data = self.data[end + 4 + len(BODY) :]
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def rate(post: Post, in_flight: int, count: int) -> float:
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            headers = signature.headers([SECRET], "evt_bench", 1_800_000_000, BODY)
            assert await post({"Content-Type": "application/json", **headers}) == 204

    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return count / (time.perf_counter() - begun)


async def clients(stack: AsyncExitStack, url: str) -> dict[str, Post]:
    sender = await stack.enter_async_context(Sender(parse_networks("127.0.0.0/8")))
    swapped = await stack.enter_async_context(httpx.AsyncClient(transport=AiohttpTransport(), trust_env=False))
    plain = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
    bare = await stack.enter_async_context(aiohttp.ClientSession())

    async def guarded(headers: dict[str, str]) -> int | None:
        return (await sender.send(url, headers, BODY)).status

    async def with_transport(headers: dict[str, str]) -> int:
        return (await swapped.post(url, headers=headers, content=BODY)).status_code

    async def with_httpx(headers: dict[str, str]) -> int:
        return (await plain.post(url, headers=headers, content=BODY)).status_code

    async def with_aiohttp(headers: dict[str, str]) -> int:
        async with bare.post(url, headers=headers, data=BODY) as response:
            await response.read()
            return response.status

    return {
        "aiohttp": with_aiohttp,
        "httpx on aiohttp": with_transport,
        "guarded sender": guarded,
        "httpx": with_httpx,
    }


async def measure(count: int) -> None:
    sink = await asyncio.create_subprocess_exec(sys.executable, __file__, "sink", stdout=asyncio.subprocess.PIPE)
    try:
        assert sink.stdout is not None
        url = f"http://127.0.0.1:{int(await sink.stdout.readline())}/hook"
        async with AsyncExitStack() as stack:
            posts = await clients(stack, url)
            best = {name: dict.fromkeys(IN_FLIGHT, 0.0) for name in posts}
            for in_flight in IN_FLIGHT * 2:
                for name, post in posts.items():
                    found = await rate(post, in_flight, min(count, COUNTS.get(name, count)))
                    best[name][in_flight] = max(best[name][in_flight], found)
    finally:
        sink.kill()
        await sink.wait()
    report(best)


def report(best: dict[str, dict[int, float]]) -> None:
    print(f"{'requests a second, in flight':30}" + "".join(f"{n:>10}" for n in IN_FLIGHT))
    for name, found in best.items():
        print(f"{name:30}" + "".join(f"{found[n]:>10,.0f}" for n in IN_FLIGHT))
    for name in ("httpx", "httpx on aiohttp", "aiohttp"):
        ratios = (best["guarded sender"][n] / best[name][n] for n in IN_FLIGHT)
        print(f"{'guarded : ' + name:30}" + "".join(f"{ratio:>10.2f}" for ratio in ratios))


if __name__ == "__main__":
    if sys.argv[1:] == ["sink"]:
        uvloop.run(serve())
    else:
        uvloop.run(measure(int(sys.argv[1]) if sys.argv[1:] else 1000))
