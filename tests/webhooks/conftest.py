"""What the tests of webhooks share: a server of lanes that may reach loopback."""

from collections.abc import AsyncIterator

import pytest

from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.webhooks.serving import Server
from tests.desk import Desk


@pytest.fixture
async def server(desk: Desk) -> AsyncIterator[Server]:
    """A server of lanes. Its steps and rests last for minutes: tests let them pass by ``desk.let_pass``."""
    async with Sender(parse_networks("127.0.0.0/8"), total_seconds=2) as sender:
        yield Server(desk.database, sender, desk.keyring, 100)
