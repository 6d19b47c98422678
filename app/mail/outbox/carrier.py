"""Carrying one mail to the mail server, and reading what it answers."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from app.mail.outbox.retrying import is_final

_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_AT_ONCE = 8  # connections of a process
LONGEST_ANSWER = 500


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of an attempt: the server took the mail, refused it for good, or it is to be tried again."""

    state: Literal["sent", "failed", "later"]
    answer: str
    recipient_refused: bool = False


class Carrier:
    """Hands mails to the server of an address such as ``smtp+starttls://user:password@mail.example.com``.

    Args:
        url: The server's address.
        step_seconds: How long the server may take for one step, such as its greeting.
        total_seconds: How long all of it may take.
    """

    def __init__(self, url: str, *, step_seconds: float = 30.0, total_seconds: float = 60.0) -> None:
        parts = urlsplit(url)
        self._options: dict[str, Any] = {
            "hostname": parts.hostname,
            "port": parts.port or _PORTS[parts.scheme],
            "username": unquote(parts.username) if parts.username else None,
            "password": unquote(parts.password) if parts.password else None,
            "use_tls": parts.scheme == "smtps",
            "start_tls": parts.scheme == "smtp+starttls",
            "timeout": step_seconds,
        }
        self._total = total_seconds
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def carry(self, envelope_from: str, recipient: str, content: bytes) -> Carried:
        """Hand over one mail. Never raises for what a server or the network does.

        Raises:
            ValueError: an address or the content is none that SMTP can be given.
        """
        async with self._places:
            try:
                async with asyncio.timeout(self._total):
                    return await self._carry(envelope_from, recipient, content)
            except SMTPRecipientsRefused as error:
                refused = error.recipients[0]
                return replace(_refused(refused.code, refused.message), recipient_refused=is_final(refused.code))
            except (SMTPSenderRefused, SMTPDataError) as error:
                return _refused(error.code, error.message)
            except SMTPResponseException as error:  # of the connection or the sign-in: no fault of this mail's
                return Carried("later", _told(error.code, error.message))
            except (SMTPException, OSError, TimeoutError) as error:
                return Carried("later", _short(f"{type(error).__name__}: {error}"))

    async def _carry(self, envelope_from: str, recipient: str, content: bytes) -> Carried:
        client = aiosmtplib.SMTP(**self._options)
        try:
            await client.connect()
            _, answer = await client.sendmail(envelope_from, [recipient], content)
        except BaseException:
            client.close()
            raise
        try:
            await client.quit()
        except (SMTPException, OSError):  # it has the mail: how it says goodbye changes nothing
            client.close()
        return Carried("sent", _short(answer))


def _refused(code: int, message: str) -> Carried:
    return Carried("failed" if is_final(code) else "later", _told(code, message))


def _told(code: int, message: str) -> str:
    return _short(f"{code} {message}")


def _short(answer: str) -> str:
    return answer.replace("\x00", "")[:LONGEST_ANSWER]
