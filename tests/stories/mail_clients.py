"""Customers' mail programs: they write, answer as such programs do, and some answer by themselves."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from app.infra.now import wall_now
from tests.mail_servers import MailServers

Mark = tuple[str, str]


def read(content: bytes) -> EmailMessage:
    """Return a mail as a program has it."""
    return email.message_from_bytes(content, policy=email.policy.default)


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def letter(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """Write a mail."""
    mail = EmailMessage()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["Date"] = format_datetime(wall_now())
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(text)
    return mail


def answer(to: EmailMessage, sender: str, text: str, mark: Mark | None = None) -> EmailMessage:
    """Answer a mail below whose text the older one is quoted, to where it asks for answers."""
    subject = re.sub(r"^(re: )?", "Re: ", str(to["Subject"]), flags=re.IGNORECASE)
    quoted = "".join(f"> {line}\n" for line in text_of(to).splitlines())
    mail = letter(sender, _for_answers(to), subject, f"{text}\n\nOn {to['Date']}, {to['From']} wrote:\n{quoted}")
    mail["In-Reply-To"] = to["Message-ID"]
    mail["References"] = f"{to.get('References', '')} {to['Message-ID']}".strip()
    if mark is not None:
        mail[mark[0]] = mark[1]
    return mail


def _for_answers(mail: EmailMessage) -> str:
    return parseaddr(str(mail.get("Reply-To") or mail["From"]))[1]


@dataclass
class Responder:
    """An inbox that answers every mail that comes to it, even those that nothing may answer.

    ``threaded``: to where answers are to go and naming what it answers; else as a new mail to whoever wrote.
    """

    address: str
    mark: Mark | None = None
    threaded: bool = True
    answered: int = 0

    def work(self, servers: MailServers) -> int:
        """Answer what came since the last time, and return how many that were."""
        new = servers.read(self.address)[self.answered :]
        for mail in map(read, new):
            self.answered += 1
            reply = self._reply(mail)
            servers.send(reply, self.address, str(reply["To"]))
        return len(new)

    def _reply(self, mail: EmailMessage) -> EmailMessage:
        if self.threaded:
            return answer(mail, self.address, "I am away.", self.mark)
        return letter(self.address, parseaddr(str(mail["From"]))[1], "I am away", f"I am away ({self.answered}).")
