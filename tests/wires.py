"""A network with one listener at its end: whatever the guard lets a Sender dial reaches it, and is counted."""

import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from aiohttp.connector import AddrInfoType

from app.infra.outbound.addresses import NOTHING_OPENED, AllowedNetworks, IPAddress
from app.infra.outbound.send import Sender
from tests.receiver import Receiver

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PUBLIC = "93.184.216.34"


class Names:
    """Answers every name from a script, the last answer for ever, and remembers which were asked for."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [[ip_address(text) for text in answer] for answer in answers or ([PUBLIC],)]
        self.asked: list[str] = []

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


class _Wire(socket.socket):
    """A socket that says to be of the family that was asked for, and is connected to the listener in truth."""

    asked = socket.AF_INET
    end: tuple[str, int] = ("", 0)

    @property
    def family(self) -> socket.AddressFamily:
        return self.asked

    def connect(self, _address: Any) -> None:
        super().connect(self.end)


class Wires:
    """Makes Senders whose every connection, to any address and port, ends at one real listener on loopback."""

    def __init__(self, listener: Receiver) -> None:
        self.listener = listener
        self.dialled: list[str] = []

    def sender(self, names: Names, allowed: AllowedNetworks = NOTHING_OPENED) -> Sender:
        return Sender(allowed, resolver=names, verify=NO_AUTHORITIES, open_socket=self._open, total_seconds=2)

    def _open(self, info: AddrInfoType) -> socket.socket:
        self.dialled.append(str(info[4][0]))
        wire = _Wire(socket.AF_INET, socket.SOCK_STREAM)
        wire.asked, wire.end = socket.AddressFamily(info[0]), (self.listener.host, self.listener.port)
        return wire
