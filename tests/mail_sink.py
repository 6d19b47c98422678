"""A mail server that records what comes, and can be told to answer otherwise: the other end of what the desk sends."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

DROP, HANG, WAIT = "drop", "hang", "wait"


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that was taken."""

    sender: str
    recipients: Sequence[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail, read by the standard library."""
        read = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read

    def body(self, subtype: str) -> str:
        """Return a body as its reader sees it."""
        part = self.mail.get_body((subtype,))
        assert part is not None
        text: str = part.get_content()
        return text.replace("\r\n", "\n")


@dataclass
class MailSink:
    """Takes mail on a free port. What it is told for a recipient it answers in turn: to RCPT, or at the end of DATA."""

    at_rcpt: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at_data: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    taken: list[Taken] = field(default_factory=list)
    tries: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"smtp://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._released, self.go_on = asyncio.Event(), asyncio.Event()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.close()
        await asyncio.sleep(0.05)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _: Session, envelope: Envelope, address: str, __: Sequence[str]
    ) -> str:
        self.tries += 1
        if said := await self._said(self.at_rcpt[address], server):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        said = await self._said(self.at_data[envelope.rcpt_tos[0]], server)
        if said and said[0] in "45":
            return said
        assert isinstance(envelope.content, bytes)
        waits, said = said == WAIT, None if said == WAIT else said  # it has the mail, and says so when it is told to
        sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
        self.taken.append(Taken(sender, list(envelope.rcpt_tos), envelope.content))
        if waits:
            await self.go_on.wait()
        return said or "250 taken"

    async def _said(self, answers: list[str], server: SMTP) -> str | None:
        said = answers.pop(0) if answers else None
        if said == HANG:
            await self._released.wait()
        if said in {HANG, DROP}:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "421 gone"
        return said

    def _protocol(self) -> Any:
        return SMTP(self, hostname="sink.test", ident="sink")
