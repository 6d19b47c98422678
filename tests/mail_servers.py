"""Real mail servers for tests: Debian's Postfix and Dovecot, in a folder and on ports of their own.

Postfix takes what anybody on loopback sends. Mail to ``customer.example`` lies in mailboxes that Dovecot serves; mail
to ``desk.example`` goes on by LMTP, or lies in a mailbox, too. What a sender of ``customer.example`` writes is stamped
as if its DMARC had passed, what one of ``forged.example`` writes as if it had failed, as the checks before a real desk
would do. Nothing of a Postfix or Dovecot that the machine runs itself is read, written or signalled.
"""

import imaplib
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.mail_server_files import DOVECOT, POSTFIX, SERVICES
from tests.stories.processes import free_port

AUTHSERV_ID = "mx.desk.example"
SUPPORT = "support@desk.example"
PASSWORD = "of-no-worth"
_NOBODY = 65534
_WITHIN = 30.0
_STARTS = 3
_DMARC = {"customer.example": "pass", "forged.example": "fail"}


def missing() -> str | None:
    """Say why there are no servers to be had here; None where there are."""
    absent = [name for name in ("postfix", "dovecot") if _program(name) is None]
    if absent:
        return f"{' and '.join(absent)} not installed: apt-get install postfix dovecot-imapd"
    if os.geteuid() != 0:
        return "Postfix's master runs as root only"
    asked = subprocess.run([str(_program("dovecot")), "--version"], check=True, capture_output=True, text=True)
    version = asked.stdout.strip()
    return None if version.startswith("2.3.") else f"Dovecot is {version}, and its settings are written for 2.3"


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class _NotStartedError(Exception):
    """A server ended as soon as it was started; the text is what both said."""


class MailServers:
    """Both servers, from the entry of the block to its end."""

    def __init__(self, *users: str, lmtp_port: int | None = None) -> None:
        """Name the users of customer.example who have a mailbox, and where the desk takes mail by LMTP, if it does."""
        self._boxes = [f"{user}@customer.example" for user in users] + ([] if lmtp_port else [SUPPORT])
        self._lmtp_port = lmtp_port

    def __enter__(self) -> Self:
        for left in reversed(range(_STARTS)):
            try:
                self._begin()
            except _NotStartedError:  # another's server was quicker on one of the ports
                if not left:
                    raise
            else:
                break
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def smtp_url(self) -> str:
        """Where mail is sent, for the desk's settings."""
        return f"smtp://127.0.0.1:{self._smtp_port}"

    @property
    def imap_url(self) -> str:
        """The desk's own inbox, for its settings."""
        return f"imap://{SUPPORT.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{self._imap_port}/INBOX"

    def send(self, message: EmailMessage, sender: str, *recipients: str) -> None:
        """Send a mail as a client of the world does."""
        with smtplib.SMTP("127.0.0.1", self._smtp_port, timeout=_WITHIN) as smtp:
            smtp.send_message(message, sender, recipients)

    def inbox(self, address: str, wanted: int = 1) -> list[bytes]:
        """Wait until an inbox has as many mails, and return all that are in it, the eldest first."""
        deadline = time.monotonic() + _WITHIN
        while len(found := self.read(address)) < wanted:
            assert time.monotonic() < deadline, f"{len(found)} of {wanted} mails came\n{self.logs()}"
            time.sleep(0.1)
        return found

    def read(self, address: str) -> list[bytes]:
        """Return what is in an inbox, the eldest first, as a mail client fetches it."""
        with self.imap(address) as client:
            numbers = client.search(None, "ALL")[1][0].split()
            answers = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [bytes(answer[1]) for answer in answers if isinstance(answer, tuple)]

    def unseen(self, address: str) -> int:
        """Count the mails of an inbox that nobody has marked as seen."""
        with self.imap(address) as client:
            return len(client.search(None, "UNSEEN")[1][0].split())

    def waiting(self) -> int:
        """Count the mails that Postfix has not delivered yet."""
        command = [str(_program("postqueue")), "-c", str(self.folder / "postfix"), "-j"]
        return len(subprocess.run(command, check=True, capture_output=True).stdout.splitlines())

    def logs(self) -> str:
        """Return what both servers say."""
        logs = (self.folder / name for name in ("postfix.log", "dovecot.log", "output.log"))
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    @contextmanager
    def imap(self, address: str, *, readonly: bool = True) -> Iterator[imaplib.IMAP4]:
        """Open an inbox as a mail client does."""
        with imaplib.IMAP4("127.0.0.1", self._imap_port, timeout=_WITHIN) as client:
            client.login(address, PASSWORD)
            client.select(readonly=readonly)
            yield client

    def _begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="trunkline-mail-"))
        self.folder.chmod(0o755)  # the servers are other users
        self._smtp_port, self._imap_port = free_port(), free_port()
        self._running: list[subprocess.Popen[bytes]] = []
        try:
            self._write()
            self._start(_program("postfix"), "-c", str(self.folder / "postfix"), "start-fg")
            self._start(_program("dovecot"), "-F", "-c", str(self.folder / "dovecot.conf"))
            self._wait_for_both()
        except BaseException:
            self._stop()
            raise

    def _write(self) -> None:
        folder, by_lmtp = self.folder, self._lmtp_port is not None
        named = {
            "folder": folder,
            "uid": _NOBODY,
            "password": PASSWORD,
            "domains": "customer.example" if by_lmtp else "customer.example, desk.example",
            "relayed": "desk.example" if by_lmtp else "",
        }
        for name in ("postfix", "queue", "data", "mail", "dovecot", "dovecot-state"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        shutil.chown(folder / "mail", _NOBODY, _NOBODY)
        (folder / "postfix/main.cf").write_text(POSTFIX.format(**named))
        (folder / "postfix/master.cf").write_text(SERVICES.format(port=self._smtp_port))
        (folder / "dovecot.conf").write_text(DOVECOT.format(port=self._imap_port, **named))
        stamp = f"PREPEND Authentication-Results: {AUTHSERV_ID};"
        lines = [f"{domain} {stamp} dmarc={said} header.from={domain}\n" for domain, said in _DMARC.items()]
        (folder / "stamps").write_text("".join(lines))
        (folder / "boxes").write_text("".join(f"{box} {box}/\n" for box in self._boxes))
        way = f"desk.example lmtp:inet:127.0.0.1:{self._lmtp_port}\n" if by_lmtp else ""
        (folder / "transports").write_text(way)

    def _start(self, program: str | None, *arguments: str) -> None:
        assert program is not None, missing()
        with (self.folder / "output.log").open("ab") as output:
            self._running.append(
                subprocess.Popen(
                    [program, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            )

    def _wait_for_both(self) -> None:
        deadline = time.monotonic() + _WITHIN
        while not self._both_answer():
            if any(one.poll() is not None for one in self._running):
                raise _NotStartedError(self.logs())
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.05)

    def _both_answer(self) -> bool:
        name = self.folder.name.encode()  # another's server may listen on the port that was to be ours
        try:
            with smtplib.SMTP(timeout=2) as smtp:
                greeting = smtp.connect("127.0.0.1", self._smtp_port)[1]
            with imaplib.IMAP4("127.0.0.1", self._imap_port, timeout=2) as imap:
                return name in greeting and name in imap.welcome
        except (OSError, smtplib.SMTPException, imaplib.IMAP4.error):
            return False

    def _stop(self) -> None:
        with suppress(OSError, ValueError):  # the master leads a group of its own, and writes who it is
            os.killpg(int((self.folder / "queue/pid/master.pid").read_text()), signal.SIGTERM)
        for one in self._running[1:]:
            one.terminate()
        for one in self._running:  # Postfix's ends with its master
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
