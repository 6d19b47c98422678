"""The LMTP listener (RFC 2033), behind a real mail server: a mail is answered for once it is committed.

aiosmtpd speaks the protocol. DATA is our own: LMTP wants an answer for each recipient, where the library gives one;
and no mail is refused for a long line or its size, since nobody would see it then.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from sqlalchemy.exc import SQLAlchemyError

from app.infra.db import Database
from app.infra.now import wall_now
from app.mail.intake import queries
from app.mail.intake.accepting import Gathering, Raw, accept
from app.mail.models import Mailbox

_MOST_CONNECTIONS = 100
_MOST_AT_ONCE = 8  # mails that are being received: each may take 25 MB
_MOST_RECIPIENTS = 100
_LONGEST_COMMAND = 2048
_IDLE_SECONDS = 300.0
_GRACE_SECONDS = 15.0
_LATER = "451 4.3.0 The desk's database is away: try again later"
_BUSY = b"421 4.3.2 Too many connections: try again later\r\n"
_CLOSING = b"421 4.3.2 The desk is closing: try again later\r\n"
_AWAY = (SQLAlchemyError, OSError, TimeoutError)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Mail(Envelope):
    """An envelope with the mailbox of each recipient that was taken, in their order."""

    boxes: list[tuple[str, Mailbox]] = field(default_factory=list)

    def __post_init__(self) -> None:
        Envelope.__init__(self)


class Listener:
    """Takes mail for the desk's mailboxes."""

    def __init__(self, database: Database, *, idle_seconds: float = _IDLE_SECONDS) -> None:
        self.database = database
        self.idle_seconds = idle_seconds
        self.places = asyncio.Semaphore(_MOST_AT_ONCE)
        self.open: set[Connection] = set()
        self.closing = False

    async def run(
        self, host: str, port: int, socket: str | None, shutdown: asyncio.Event, ready: Callable[[str], None]
    ) -> None:
        """Serve until told to stop: on a Unix socket where one is named; mails under way are ended first."""
        loop = asyncio.get_running_loop()
        if socket is None:
            server = await loop.create_server(self._connection, host, port)
        else:
            server = await loop.create_unix_server(self._connection, socket)
        ready(socket or ":".join(map(str, server.sockets[0].getsockname()[:2])))
        await shutdown.wait()
        self.closing = True
        server.close()
        for one in list(self.open):
            one.end_if_idle()
        deadline = loop.time() + _GRACE_SECONDS
        while self.open and loop.time() < deadline:  # noqa: ASYNC110 - many may end, each in its own time
            await asyncio.sleep(0.05)

    def _connection(self) -> "Connection":
        return Connection(self)

    # What aiosmtpd calls, by these names.

    async def handle_EHLO(  # noqa: N802, D102 - aiosmtpd's name and contract
        self, _server: LMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", *responses[-1:]]

    async def handle_RCPT(  # noqa: N802, D102 - aiosmtpd's name and contract
        self, _server: LMTP, _session: Session, envelope: _Mail, address: str, _options: list[str]
    ) -> str:
        if len(envelope.boxes) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            async with self.database.transaction(look=True) as session:
                mailbox = await queries.mailbox_of(session, address)
        except _AWAY as error:
            _log.warning("no mail is taken for now", error=type(error).__name__)
            return _LATER
        if mailbox is None:
            return "550 5.1.1 There is no such mailbox"
        envelope.boxes.append((address, mailbox))
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:  # noqa: D102 - aiosmtpd's contract
        _log.error("a command failed", error=type(error).__name__, exc_info=error)
        return "451 4.3.0 A fault of the desk's: try again later"  # the library's own answer is a refusal for good

    async def keep(self, envelope: _Mail, raw: Raw) -> Iterator[str]:
        """Accept a mail for its recipients and return the answer for each, in their order."""
        sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
        answers = {}
        for mailbox in {box.id: box for _, box in envelope.boxes}.values():
            recipients = [address for address, box in envelope.boxes if box.id == mailbox.id]
            answers[mailbox.id] = await self._keep(mailbox, sender, recipients, raw)
        return (answers[box.id] for _, box in envelope.boxes)

    async def _keep(self, mailbox: Mailbox, sender: str, recipients: list[str], raw: Raw) -> str:
        try:
            await accept(self.database, mailbox, "lmtp", sender, recipients, raw, wall_now())
        except _AWAY as error:
            _log.warning("a mail was not taken", error=type(error).__name__)
            return _LATER
        except Exception:  # noqa: BLE001 - the sender keeps it, and tries again
            _log.exception("a mail was not taken")
            return "451 4.3.0 A fault of the desk's: try again later"
        return "250 2.0.0 The desk has it"


class Connection(LMTP):
    """One client's connection."""

    line_length_limit = 65_536  # what is looked at once; a line of a mail may be longer

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._receiving = False
        # The library's are of all connections together, and are cleared whenever one begins.
        self.command_size_limits = defaultdict(lambda: _LONGEST_COMMAND)
        super().__init__(
            listener,
            data_size_limit=None,  # no size is announced: what is too large is held, where staff see it
            enable_SMTPUTF8=True,
            hostname="trunkline",
            ident="LMTP",
            timeout=listener.idle_seconds,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: Any) -> None:
        """Serve a client, unless there are too many."""
        if self._listener.closing or len(self._listener.open) >= _MOST_CONNECTIONS:
            transport.write(_CLOSING if self._listener.closing else _BUSY)
            transport.close()
            return
        self._listener.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget a client."""
        if self in self._listener.open:
            self._listener.open.discard(self)
            super().connection_lost(error)

    def end_if_idle(self) -> None:
        """Say goodbye to a client who is sending no mail."""
        if not self._receiving and self.transport is not None:
            self.transport.write(_CLOSING)  # type: ignore[attr-defined]  # a transport that writes
            self.transport.close()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Receive a mail and answer for each of its recipients."""
        envelope = self.envelope
        if not isinstance(envelope, _Mail) or not envelope.boxes:
            await self.push("503 5.5.1 No recipient was taken")
            return
        if arg:
            await self.push("501 5.5.4 DATA takes no arguments")
            return
        async with self._listener.places:
            self._receiving = True
            self._reset_timeout()
            try:
                await self.push("354 End with <CR><LF>.<CR><LF>")
                for answer in await self._listener.keep(envelope, await self._receive()):
                    await self.push(answer)
            finally:
                self._receiving = False
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's
        if self._listener.closing:
            self.end_if_idle()

    async def _receive(self) -> Raw:
        """Read up to the dot. Only CRLF ends a line here: with a bare LF about, a dot is one of the mail's own."""
        gathering, begins = Gathering(), True
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.read(error.consumed)
            if begins and piece == b".\r\n":
                return gathering.raw()
            gathering.add(piece[1:] if begins and piece.startswith(b".") else piece)
            begins = piece.endswith(b"\r\n")

    def _create_envelope(self) -> Envelope:
        return _Mail()
