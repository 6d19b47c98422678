"""Pure: what mails say, to whom. The templates set it; nothing here knows of HTML.

A reseller's own people read the desk's names, numbers and instants; end customers read their brand's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from app.infra.instants import instant_in_words
from app.mail.outbox.headers import one_line, subject_of
from app.mail.outbox.quoting import quoted
from app.mail.outbox.voices import Voice
from app.resellers.branding import shown_number, shown_status

_ROLES = {"desk": "the desk", "account_manager": "account manager", "technical_director": "technical director"}
_REASONS = {
    "sla_warning": "A promise is about to be broken",
    "sla_breach": "A promise is broken",
    "manual": "Somebody has escalated this ticket by hand",
}
_TURNS = {"ticket.resolved": "resolved", "ticket.reopened": "worked on again", "ticket.closed": "closed"}
_AFTER = {
    "ticket.resolved": "If something is still wrong, tell us within seven days and we go on with it.",
    "ticket.reopened": "We let you know as soon as there is news.",
    "ticket.closed": "It takes no more messages. If it comes back, open a new ticket.",
}

MOST_TOLD = 200
"""How many gathered calls a mail names."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, before it is set: a heading, sentences, what somebody wrote, and facts in a table."""

    subject: str
    heading: str
    sentences: tuple[str, ...] = ()
    quote: str | None = None
    facts: Facts = ()
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TicketTold:
    """A ticket, as far as mails tell of it."""

    number: int
    subject: str
    status: str
    priority: str
    reseller_name: str
    brand: Mapping[str, Any] | None


def number_shown(ticket: TicketTold, voice: Voice) -> str:
    """Return a ticket's number as the reader knows it."""
    return shown_number(ticket.brand, ticket.number) if voice.is_brand else f"TL-{ticket.number}"


def acknowledgement(ticket: TicketTold, voice: Voice, answer_by: datetime | None) -> Letter:
    """Say that a ticket has come in; to the reseller's own people also by when they hear of it."""
    number = number_shown(ticket, voice)
    facts = [("Subject", one_line(ticket.subject))]
    if not voice.is_brand:
        facts.append(("Priority", ticket.priority))
    if answer_by is not None and not voice.is_brand:
        facts.append(("You hear from us by", instant_in_words(answer_by)))
    said = "Thank you. It is kept under this number, and we come back to you here."
    return Letter(subject_of(number, ticket.subject), f"We have your request {number}", (said,), None, tuple(facts))


def reply(ticket: TicketTold, voice: Voice, author: str, body: str, files: Sequence[str] = ()) -> Letter:
    """Say what somebody wrote, and which files they added: these are on the ticket, and not in the mail."""
    number = number_shown(ticket, voice)
    added = ((("Files on the ticket", one_line(", ".join(files))),)) if files else ()
    return Letter(subject_of(number, ticket.subject), f"{one_line(author)} wrote", (), quoted(body), added)


def status(ticket: TicketTold, voice: Voice, event: str, at: datetime) -> Letter:
    """Say that a ticket was resolved, reopened or closed."""
    number = number_shown(ticket, voice)
    told = {"ticket.resolved": "resolved", "ticket.reopened": "open", "ticket.closed": "closed"}[event]
    facts = (
        ("Subject", one_line(ticket.subject)),
        ("Status", shown_status(told) if voice.is_brand else told),
        ("Since", instant_in_words(at)),
    )
    return Letter(subject_of(number, ticket.subject), f"{number} is {_TURNS[event]}", (_AFTER[event],), None, facts)


def call(ticket: TicketTold, escalation: Mapping[str, Any], due: datetime | None) -> Letter:
    """Call one of the operator's people, or the desk, to a ticket."""
    number = f"TL-{ticket.number}"
    facts = [
        ("Ticket", f"{number} {one_line(ticket.subject)}"),
        ("Reseller", one_line(ticket.reseller_name)),
        ("Priority", ticket.priority),
        ("Status", ticket.status),
        ("Called as", _ROLES[escalation["role"]]),
    ]
    if due is not None:
        facts.append(("Next deadline", instant_in_words(due)))
    if escalation.get("note"):
        facts.append(("Note", one_line(escalation["note"])))
    said = f"{_REASONS[escalation['reason']]}. Please take it in hand and acknowledge the escalation."
    return Letter(subject_of(number, ticket.subject), f"You are called to {number}", (said,), None, tuple(facts))


def call_digest(calls: Sequence[tuple[str, datetime]], count: int) -> Letter:
    """Tell in one mail of all calls that came in a rush: the subject of each, and when it came; of many, how many."""
    heading = f"You are called to {count} more tickets" if count > 1 else "You are called to one more ticket"
    said = "So many calls came at once that these are gathered. Each escalation is to be acknowledged by itself."
    items = [(subject, instant_in_words(at)) for subject, at in calls]
    if count > len(calls):
        items.append((f"and {count - len(calls)} more", "The list of escalations shows them all."))
    return Letter(heading, heading, (said,), None, (), tuple(items))


_ENDPOINT = {
    "webhook_endpoint.failing": ("is failing", "Nothing has reached it for some time."),
    "webhook_endpoint.disabled": ("was disabled", "What is on its way to it is held until it is switched on again."),
    "webhook_endpoint.recovered": ("has recovered", "It takes deliveries again. Nothing is to be done."),
}


def endpoint_notice(event: str, data: Mapping[str, Any]) -> Letter:
    """Tell whose webhook endpoint it is that it fails, was disabled, or has recovered."""
    endpoint, health = data["endpoint"], data.get("health") or {}
    host = one_line(urlsplit(endpoint["url"]).hostname or "?")
    turn, said = _ENDPOINT[event]
    facts = [("Endpoint", endpoint["id"]), ("Address", one_line(endpoint["url"].partition("?")[0]))]
    if endpoint.get("disabled_reason"):
        facts.append(("Because", endpoint["disabled_reason"]))
    for member, label in (("failing_since", "Failing since"), ("will_be_disabled_at", "Will be disabled at")):
        if health.get(member):
            facts.append((label, instant_in_words(datetime.fromisoformat(health[member]))))
    heading = f"Your webhook endpoint at {host} {turn}"
    return Letter(heading, heading, (said,), None, tuple(facts))
