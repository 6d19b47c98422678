"""What the tests of nasty mails share."""

from collections.abc import AsyncIterator

import pytest

from tests.desk import Desk
from tests.mail.nasty.office import Office, open_office


@pytest.fixture
async def office(desk: Desk) -> AsyncIterator[Office]:
    """A desk that takes mail."""
    async with open_office(desk) as opened:
        yield opened
