"""What is dialled: nothing that is refused, once-resolved addresses alone, and TLS on the name."""

import asyncio
import datetime as dt
import json
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp.connector import AddrInfoType
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.infra.outbound import transport
from app.infra.outbound.addresses import IPAddress, parse_networks
from app.infra.outbound.outcome import Reason
from app.infra.outbound.send import Sender
from app.infra.outbound.urls import Target
from tests.receiver import Answer, Receiver

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "ssrf_urls.json").read_text(encoding="utf-8"),
)
LOOPBACK = parse_networks("127.0.0.0/8")
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Network:
    """Names answered from a script, the last answer for ever, and sockets counted instead of made."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [[ip_address(text) for text in answer] for answer in answers]
        self.asked = 0
        self.dialled: list[str] = []

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        assert not host.replace(".", "").isdigit()
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return answer

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        self.dialled.append(str(info[4][0]))
        raise OSError("this network has no wires")

    def sender(self) -> Sender:
        return Sender(resolver=self, verify=NO_AUTHORITIES, open_socket=self.open_socket, total_seconds=2)


def scripted(case: dict[str, Any]) -> Network:
    answers = case.get("mock_dns", ["93.184.216.34"])
    return Network(*answers) if answers and isinstance(answers[0], list) else Network(answers)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES["refuse"] if c["refuse_at"] != "redirect" and c["id"] != "dns-rebind"],
    ids=lambda c: c["id"],
)
async def test_what_is_refused_is_not_dialled_when_sending_either(case: dict[str, Any]) -> None:
    network = scripted(case)
    async with network.sender() as sender:
        outcome = await sender.send(case["url"], {}, b"{}")
    assert network.dialled == []
    if case["refuse_at"] == "registration":
        assert (outcome.reason, network.asked) == (Reason.UNSAFE_URL, 0)
    else:
        expected = Reason.UNSAFE_ADDRESS if case["mock_dns"] else Reason.DNS_FAILED
        assert (outcome.reason, network.asked) == (expected, 1)


@pytest.mark.parametrize("case", CASES["allow"], ids=lambda c: c["url"])
async def test_what_is_allowed_is_dialled_at_its_address(case: dict[str, Any]) -> None:
    network = scripted(case)
    async with network.sender() as sender:
        outcome = await sender.send(case["url"], {}, b"{}")
    assert outcome.reason is Reason.CONNECTION_FAILED
    assert network.dialled == case.get("mock_dns", [case["url"].split("/")[2].strip("[]")])


async def test_a_name_that_rebinds_is_resolved_once_and_dialled_at_that_answer() -> None:
    network = Network(["93.184.216.34"], ["169.254.169.254"])
    async with network.sender() as sender:
        first = await sender.send("https://rebind.test/x", {}, b"{}")
        assert (first.reason, network.asked, network.dialled) == (Reason.CONNECTION_FAILED, 1, ["93.184.216.34"])
        second = await sender.send("https://rebind.test/x", {}, b"{}")
    assert (second.reason, network.asked, network.dialled) == (Reason.UNSAFE_ADDRESS, 2, ["93.184.216.34"])
    assert "169.254.169.254" in second.detail


async def test_each_vetted_address_is_tried() -> None:
    network = Network(["93.184.216.34", "2606:4700:4700::1111"])
    async with network.sender() as sender:
        outcome = await sender.send("https://both.test/x", {}, b"{}")
    assert outcome.reason is Reason.CONNECTION_FAILED
    assert set(network.dialled) == {"93.184.216.34", "2606:4700:4700::1111"}


async def test_the_socket_factory_refuses_by_itself_what_slipped_by_all_else() -> None:
    network = Network(["93.184.216.34"])
    guarded = transport._vetting(network.open_socket, LOOPBACK)
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 443))
    with pytest.raises(transport.UnsafeAddress):  # no request is under way
        guarded(info)
    visit = transport._Visit(Target("https", "public.test", 443, "/", None, inside_only=False))
    token = transport._visit.set(visit)
    try:
        with pytest.raises(transport.UnsafeAddress):
            guarded(info)
        with pytest.raises(OSError, match="no wires"):
            guarded((*info[:4], ("127.0.0.1", 443)))
    finally:
        transport._visit.reset(token)
    assert network.dialled == ["127.0.0.1"]


async def test_a_plain_name_must_lie_inside_of_an_opened_network_at_each_send() -> None:
    network = Network(["127.0.0.1"], ["93.184.216.34"])
    async with Receiver() as receiver, Sender(LOOPBACK, resolver=network, verify=NO_AUTHORITIES) as sender:
        receiver.answer(Answer(200, close=True))
        url = f"http://receiver.test:{receiver.port}/x"
        assert (await sender.send(url, {}, b"")).ok
        assert receiver.requests[0].headers["host"] == f"receiver.test:{receiver.port}"
        assert (await sender.send(url, {}, b"")).reason is Reason.UNSAFE_ADDRESS
    assert receiver.connections == 1


async def test_a_name_that_hangs_is_given_up() -> None:
    class Hanging(Network):
        async def resolve(self, host: str) -> Sequence[IPAddress]:
            raise TimeoutError(host)

    async with Hanging().sender() as sender:
        assert (await sender.send("https://slow.test/x", {}, b"")).reason in {Reason.TIMEOUT, Reason.DNS_FAILED}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the contexts of a server that is `hooks.test`, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hooks.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


async def test_sni_and_the_certificate_are_those_of_the_name(certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = certified
    greeted: list[str | None] = []
    server.sni_callback = lambda _, name, __: greeted.append(name)
    network = Network(["127.0.0.1"])
    async with Receiver(tls=server) as receiver, Sender(LOOPBACK, resolver=network, verify=client) as sender:
        right = await sender.send(f"https://hooks.test:{receiver.port}/x", {}, b"{}")
        wrong = await sender.send(f"https://other.test:{receiver.port}/x", {}, b"{}")
        literal = await sender.send(receiver.url, {}, b"{}")
    assert (right.ok, wrong.reason, literal.reason) == (True, Reason.TLS_FAILED, Reason.TLS_FAILED)
    assert greeted == ["hooks.test", "other.test", None]
    assert len(receiver.requests) == 1


async def test_an_unknown_authority_is_refused(certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    async with Receiver(tls=certified[0]) as receiver, Sender(LOOPBACK, resolver=Network(["127.0.0.1"])) as sender:
        outcome = await sender.send(f"https://hooks.test:{receiver.port}/x", {}, b"{}")
    assert outcome.reason is Reason.TLS_FAILED
    assert receiver.requests == []


async def test_an_answer_in_the_clear_is_refused() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Sender(LOOPBACK, resolver=Network(["127.0.0.1"]), verify=NO_AUTHORITIES) as sender:
        outcome = await sender.send(f"https://hooks.test:{port}/x", {}, b"{}")
    assert (outcome.reason, outcome.status) == (Reason.TLS_FAILED, None)
