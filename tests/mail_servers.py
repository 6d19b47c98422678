"""Real mail servers for tests: Debian's Postfix and Dovecot, in a folder and on ports of their own.

Postfix takes what anybody on loopback sends. Mail to ``customer.example`` lies in mailboxes that Dovecot serves; mail
to ``desk.example`` goes on by LMTP. What a sender of ``customer.example`` writes is stamped as if its DMARC had passed,
what one of ``forged.example`` writes as if it had failed, as the checks before a real desk would do.
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

from tests.stories.processes import free_port

AUTHSERV_ID = "mx.desk.example"
PASSWORD = "of-no-worth"
_NOBODY = 65534
_WITHIN = 30.0
_POSTFIX = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/postfix.log
mail_owner = postfix
myhostname = mx.desk.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtp_tls_security_level = none
alias_maps =
alias_database =
message_size_limit = 60000000
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_sender_restrictions = check_sender_access texthash:{folder}/stamps
virtual_mailbox_domains = customer.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
relay_domains = desk.example
transport_maps = texthash:{folder}/transports
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtpd_client_connection_rate_limit = 0
"""
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_DOVECOT = """
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot-state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={folder}/mail/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


def missing() -> str | None:
    """Say why there are no servers to be had here; None where there are."""
    absent = [name for name in ("postfix", "dovecot") if _program(name) is None]
    if absent:
        return f"{' and '.join(absent)} not installed: apt-get install postfix dovecot-imapd"
    return None if os.geteuid() == 0 else "Postfix's master runs as root only"


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class MailServers:
    """Both servers, from the entry of the block to its end."""

    def __init__(self, *users: str) -> None:
        """Name the users of customer.example who have a mailbox."""
        self._users = users
        self.smtp_port, self.imap_port = free_port(), free_port()

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="trunkline-mail-"))
        self.folder.chmod(0o755)  # the servers are other users
        self._running: list[subprocess.Popen[bytes]] = []
        try:
            self._write()
            self._start(_program("postfix"), "-c", str(self.folder / "postfix"), "start-fg")
            self._start(_program("dovecot"), "-F", "-c", str(self.folder / "dovecot.conf"))
            self._wait_for_both()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def deliver_to_lmtp(self, port: int) -> None:
        """Let mail to desk.example go to an LMTP server from here on."""
        (self.folder / "transports").write_text(f"desk.example lmtp:inet:127.0.0.1:{port}\n")
        self._postfix("reload")

    def send(self, message: EmailMessage, sender: str, *recipients: str) -> None:
        """Send a mail as a client of the world does."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=_WITHIN) as smtp:
            smtp.send_message(message, sender, recipients)

    @contextmanager
    def imap(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Open the inbox of a user as a mail client does."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=_WITHIN) as client:
            client.login(f"{user}@customer.example", PASSWORD)
            client.select()
            yield client

    def imap_url(self, user: str) -> str:
        """Return the address of a user's inbox, for the desk's settings."""
        return f"imap://{user}%40customer.example:{PASSWORD}@127.0.0.1:{self.imap_port}/INBOX"

    def inbox(self, user: str, wanted: int = 1) -> list[bytes]:
        """Wait until a user has as many mails, and return them, the eldest first."""
        deadline = time.monotonic() + _WITHIN
        while len(found := self._read(user)) < wanted:
            assert time.monotonic() < deadline, f"{len(found)} of {wanted} mails came\n{self.logs()}"
            time.sleep(0.1)
        return found

    def waiting(self) -> int:
        """Count the mails that Postfix has not delivered yet."""
        command = [str(_program("postqueue")), "-c", str(self.folder / "postfix"), "-j"]
        return len(subprocess.run(command, check=True, capture_output=True).stdout.splitlines())

    def logs(self) -> str:
        """Return what both servers say."""
        logs = (self.folder / name for name in ("postfix.log", "dovecot.log", "output.log"))
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    def _read(self, user: str) -> list[bytes]:
        with self.imap(user) as client:
            numbers = client.search(None, "ALL")[1][0].split()
            answers = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [bytes(answer[1]) for answer in answers if isinstance(answer, tuple)]

    def _write(self) -> None:
        folder, named = self.folder, {"folder": self.folder, "uid": _NOBODY, "password": PASSWORD}
        for name in ("postfix", "queue", "data", "mail", "dovecot", "dovecot-state"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        shutil.chown(folder / "mail", _NOBODY, _NOBODY)
        (folder / "postfix/main.cf").write_text(_POSTFIX.format(**named))
        (folder / "postfix/master.cf").write_text(_SERVICES.format(port=self.smtp_port))
        (folder / "dovecot.conf").write_text(_DOVECOT.format(port=self.imap_port, **named))
        stamp = f"PREPEND Authentication-Results: {AUTHSERV_ID};"
        results = {"customer.example": "pass", "forged.example": "fail"}
        lines = [f"{domain} {stamp} dmarc={said} header.from={domain}\n" for domain, said in results.items()]
        (folder / "stamps").write_text("".join(lines))
        boxes = [f"{user}@customer.example {user}@customer.example/\n" for user in self._users]
        (folder / "boxes").write_text("".join(boxes))
        (folder / "transports").write_text("desk.example retry:no LMTP server yet\n")

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
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=1), imaplib.IMAP4("127.0.0.1", self.imap_port):
                    return
            except (OSError, smtplib.SMTPException, imaplib.IMAP4.error):
                dead = any(one.poll() is not None for one in self._running)
                assert not dead and time.monotonic() < deadline, self.logs()  # noqa: PT018 - either way, the logs tell
                time.sleep(0.1)

    def _postfix(self, command: str) -> None:
        subprocess.run(
            [str(_program("postfix")), "-c", str(self.folder / "postfix"), command], check=True, capture_output=True
        )

    def _stop(self) -> None:
        with suppress(OSError, ValueError):  # the master leads a session of its own, and writes who it is
            os.killpg(int((self.folder / "queue/pid/master.pid").read_text()), signal.SIGTERM)
        for one in self._running:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
        for one in self._running:
            try:
                one.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)
                one.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
