"""How connections are kept, shared, given up and opened again."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Address

import pytest

from app.infra.outbound.addresses import IPAddress, parse_networks
from app.infra.outbound.outcome import Outcome, Reason
from app.infra.outbound.send import Sender
from tests.receiver import Answer, Receiver

LOOPBACK = parse_networks("127.0.0.0/8")
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HEADERS = {"Content-Type": "application/json", "webhook-id": "msg_1"}


class Loopback:
    async def resolve(self, host: str) -> Sequence[IPAddress]:
        assert host == "localhost"
        return [IPv4Address("127.0.0.1")]


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender(LOOPBACK, total_seconds=0.5, connect_seconds=0.3, verify=NO_AUTHORITIES) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


async def post(sender: Sender, receiver: Receiver, *answers: Answer) -> Outcome:
    if answers:
        receiver.answer(*answers)
    return await sender.send(receiver.url, HEADERS, b'{"a": 1}')


async def test_a_receiver_that_never_reads_is_given_up(sender: Sender) -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0, limit=1)
    port = server.sockets[0].getsockname()[1]
    outcome = await sender.send(f"http://127.0.0.1:{port}/", HEADERS, bytes(1_000_000))
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.duration < 0.9
    for writer in held:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


async def test_no_cookie_comes_back(receiver: Receiver) -> None:
    receiver.answer(Answer(200, {"Set-Cookie": "a=b; Path=/"}))
    url = f"http://localhost:{receiver.port}/hook"  # a name, as jars keep nothing for a bare address
    async with Sender(LOOPBACK, resolver=Loopback(), verify=NO_AUTHORITIES) as sender:
        for _ in range(2):
            assert (await sender.send(url, HEADERS, b"")).ok
    assert "cookie" not in receiver.requests[1].headers


async def test_a_connection_is_kept_for_the_next_delivery_and_shared_by_none_cut_short(
    sender: Sender,
    receiver: Receiver,
) -> None:
    for _ in range(5):
        assert (await post(sender, receiver, Answer(200, body=b"ok"))).ok
    assert receiver.connections == 1
    await post(sender, receiver, Answer(200, endless=b"HTTP/1.1 200 OK\r\n\r\n" * 4096))
    assert (await post(sender, receiver, Answer(404))).status == 404


async def test_a_closed_port_is_a_failed_connection(sender: Sender) -> None:
    async with Receiver() as gone:
        pass
    assert (await sender.send(gone.url, HEADERS, b"")).reason is Reason.CONNECTION_FAILED


async def test_a_connection_closed_behind_our_back_is_opened_again(sender: Sender, receiver: Receiver) -> None:
    for count in range(1, 6):
        assert (await post(sender, receiver, Answer(200, body=b"ok", close=True))).ok
        assert (receiver.connections, len(receiver.requests)) == (count, count)


async def test_many_at_once_do_not_wait_for_one_that_hangs(sender: Sender, receiver: Receiver) -> None:
    async with Receiver() as hanging:
        hanging.answer(Answer(delay=10))
        stuck = [asyncio.create_task(post(sender, hanging)) for _ in range(50)]
        outcomes = await asyncio.gather(*(post(sender, receiver, Answer(200)) for _ in range(50)))
        assert all(outcome.ok for outcome in outcomes)
        assert {outcome.reason for outcome in await asyncio.gather(*stuck)} == {Reason.TIMEOUT}


async def test_who_gives_up_a_send_is_obeyed(sender: Sender, receiver: Receiver) -> None:
    receiver.answer(Answer(delay=10))
    task = asyncio.create_task(sender.send(receiver.url, HEADERS, b""))
    await receiver.wait_for(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
