"""Customers' mail programs: they write, answer as such programs do, and some answer by themselves."""

import email
import email.policy
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from app.infra.now import wall_now
from tests.mail_servers import MailServers

Marks = dict[str, str]


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


def answer(to: EmailMessage, sender: str, text: str, **marks: str) -> EmailMessage:
    """Answer a mail below whose text the older one is quoted, to where it asks for answers."""
    subject = re.sub(r"^(re: )?", "Re: ", str(to["Subject"]), flags=re.IGNORECASE)
    quoted = "".join(f"> {line}\n" for line in text_of(to).splitlines())
    mail = letter(sender, _for_answers(to), subject, f"{text}\n\nOn {to['Date']}, {to['From']} wrote:\n{quoted}")
    mail["In-Reply-To"] = to["Message-ID"]
    mail["References"] = f"{to.get('References', '')} {to['Message-ID']}".strip()
    for name, value in marks.items():
        mail[name.replace("_", "-")] = value
    return mail


def _for_answers(mail: EmailMessage) -> str:
    return parseaddr(str(mail.get("Reply-To") or mail["From"]))[1]


@dataclass
class Responder:
    """An inbox that answers every mail that comes to it, even those that nothing may answer.

    ``threaded``: to where answers are to go and naming what it answers; else as a new mail to whoever wrote.
    """

    address: str
    marks: Marks = field(default_factory=dict)
    threaded: bool = True
    answered: int = 0

    def work(self, servers: MailServers) -> None:
        """Answer what came since the last time."""
        mails = servers.read(self.address)
        for mail in map(read, mails[self.answered :]):
            reply = self._reply(mail)
            servers.send(reply, self.address, parseaddr(str(reply["To"]))[1])
        self.answered = len(mails)

    def _reply(self, mail: EmailMessage) -> EmailMessage:
        if self.threaded:
            return answer(mail, self.address, "I am away.", **self.marks)
        return letter(self.address, parseaddr(str(mail["From"]))[1], "I am away", f"I am away ({self.answered}).")
