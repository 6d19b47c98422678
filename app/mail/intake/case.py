"""A mail in hand: what it is, and the ways in which it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.ids import encode
from app.mail.addressing.tokens import Keys
from app.mail.intake.reasons import REASONS
from app.mail.models import InboundMail, Mailbox
from app.mail.parsing.parsed import ParsedMail
from app.resellers.models import Contact
from app.tickets.actors import Actor

LONGEST_BODY = 65_536
_LONGEST_LINE = 200
_CUT = "\n\n(The text is longer; the whole mail is kept.)"


@dataclass(frozen=True, slots=True)
class Case:
    """A mail on its way to a ticket; ``automatic`` is why nobody wrote it, ``verified`` whether it is its author's."""

    session: AsyncSession
    mail: InboundMail
    mailbox: Mailbox
    parsed: ParsedMail
    keys: Keys
    automatic: str | None
    verified: bool

    @property
    def sender(self) -> str:
        """Whoever the mail says it is from, as it may be shown."""
        shown = self.parsed.author.address if self.parsed.author else self.parsed.shown_from
        return (" ".join(shown.split()) or "nobody")[:_LONGEST_LINE]

    @property
    def addressed(self) -> Sequence[str]:
        """Every address that the mail was sent to, as the envelope has it first."""
        shown = [each.address for each in (*self.parsed.to, *self.parsed.cc)]
        return list(dict.fromkeys([*self.mail.envelope_to, *shown, *self.parsed.delivered_to]))

    def end(self, reason: str, related_id: UUID | None = None) -> None:
        """Let the mail end for a reason; one that nobody wrote is not kept waiting for anybody."""
        if self.automatic and REASONS[reason][0] != "done":
            reason = reason if reason in {"own_mail", "bounce_unknown"} else "automatic"
        self.mail.state, self.mail.detail = REASONS[reason]
        self.mail.reason, self.mail.related_ticket_id = reason, related_id or self.mail.related_ticket_id

    def remark(self, reason: str) -> None:
        """Say something of the mail that does not end it."""
        self.mail.reason, self.mail.detail = reason, REASONS[reason][1]

    def done(self) -> None:
        """Let the mail be done; a reason that it has already stays."""
        self.mail.state = "done"


def contact_actor(contact: Contact) -> Actor:
    """Return a contact as the record keeps it."""
    return Actor("contact", encode("ctc", contact.id), contact.name, "customer")


def body_of(text: str, before: str = "") -> str:
    """Return a text as a message may have it, with something before it; what is too long is cut and says so."""
    body = before + (text.strip() or "(no text)")
    return body if len(body) <= LONGEST_BODY else body[: LONGEST_BODY - len(_CUT)] + _CUT


def subject_of(subject: str) -> str:
    """Return a subject as a ticket may have it."""
    return " ".join(subject.split())[:_LONGEST_LINE].strip() or "(no subject)"
