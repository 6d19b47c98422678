"""Delivery reports about mails of ours: recorded, counted, and never answered. None opens a ticket."""

from app.infra.ids import encode
from app.infra.wire import rfc3339
from app.mail.addressing import tokens
from app.mail.failures import add_failure, tell_for_good
from app.mail.intake import filing, routing_queries
from app.mail.intake.bouncing import UNCLEAR, Failure, bad_news, failure_of
from app.mail.intake.case import Case, body_of
from app.mail.models import OutgoingMail
from app.tickets.act import Act, take
from app.tickets.actors import TIME
from app.tickets.lifecycle import ENDED
from app.tickets.messages import add_mail_message
from app.tickets.queries import find_ticket


async def take_report(case: Case, *, disowned: bool) -> bool:
    """Take a mail that is a delivery report, or came back to where only those go; tell whether it was one.

    ``disowned``: the domain of its sender says that it is not from there.
    """
    report = case.parsed.report
    came_back = any((token := tokens.read_token(each)) and token.kind == "bounce" for each in case.addressed)
    if not case.automatic or not (came_back or bad_news(report)):
        return False
    mail, ours = await _original(case)
    if mail is not None and not ours and (disowned or case.mail.envelope_from):
        return False  # anybody who was sent the mail, too, could say so
    failure = None if mail is None else failure_of(report, mail.recipient, ours=ours)
    if mail is not None and failure is not None:
        await _record(case, mail, failure, ours=ours)
    else:
        case.end("bounce_unknown" if mail is None or bad_news(report) else "automatic")
    return True


async def _original(case: Case) -> tuple[OutgoingMail | None, bool]:
    """Return the mail that came back, and whether an address tells so that it alone had."""
    for address in case.addressed:
        token = tokens.read_token(address)
        if token is not None and tokens.is_bounce(case.keys, token):
            return await routing_queries.outgoing_numbered(case.session, token.number), True
    key = case.parsed.report.original_message_id if case.parsed.report else None
    mail_id = tokens.mail_of_key(case.keys, key) if key else None
    return (await routing_queries.outgoing(case.session, mail_id) if mail_id else None), False


async def _record(case: Case, found: OutgoingMail, failure: Failure, *, ours: bool) -> None:
    """Record a failure. Only what came back to the mail's own address counts towards suspending its recipient's."""
    session, at = case.session, case.mail.accepted_at
    act = await _ticket_of(case, found)  # before the mail's row, as everywhere
    mail = await routing_queries.lock_outgoing(session, found)
    told = {"status": failure.status, "diagnostic": failure.diagnostic, "at": rfc3339(at)}
    if failure.hard:
        mail.state, mail.bounce = "bounced", told
    elif mail.state != "bounced":
        mail.bounce = told
    await add_failure(
        session,
        mail,
        failure.status,
        failure.diagnostic,
        at,
        counts=failure.hard and ours,
        inbound_id=case.mail.id,
    )
    suspended = failure.hard and await tell_for_good(session, mail, at)
    if act is not None:
        await _note(case, act, mail, failure, suspended=suspended)
        await act.finish()
    case.mail.ticket_id, case.mail.routed_reseller_id = mail.ticket_id, mail.reseller_id
    case.mail.contact_id = mail.contact_id
    case.end("bounce")


async def _ticket_of(case: Case, mail: OutgoingMail) -> Act | None:
    ticket = None if mail.ticket_id is None else await find_ticket(case.session, mail.ticket_id)
    if ticket is None:
        return None
    target = await filing.final_target(case.session, ticket)
    return await take(case.session, target.id, TIME, case.mail.accepted_at)


async def _note(case: Case, act: Act, mail: OutgoingMail, failure: Failure, *, suspended: bool) -> None:
    if act.ticket.status in ENDED:
        return
    named = f"{mail.recipient} ({encode('oml', mail.id)})"
    if suspended:
        body = (
            f"Mail to {named} could not be delivered, the second time within seven days: {failure.status}"
            f" {failure.diagnostic}\n\nNothing more is sent to this address until its contact is told another."
        )
    elif failure.status == UNCLEAR:
        body = body_of(case.parsed.text, f"Something came back about mail to {named}:\n\n")
    else:
        return
    message = await add_mail_message(act, TIME, body_of(body), automatic=True, visibility="internal")
    case.mail.message_id = message.id
