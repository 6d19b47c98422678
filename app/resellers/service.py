"""Whose business a caller is about, and the people of a reseller."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.auth.visit import time_of
from app.infra.ids import new_id
from app.infra.problems import Conflict, NotFound, ValidationFailed
from app.resellers import queries
from app.resellers.models import Contact, Reseller
from app.resellers.schemas import ContactChange


async def act_for(
    session: AsyncSession, principal: Principal, named: UUID | None, wall: datetime, *, exclusive: bool = False
) -> tuple[Reseller, datetime]:
    """Return the reseller that a request is about, its terms held still until the transaction ends, and its now.

    A reseller's key is about its own; a key of the operator's names one. The test clock is locked before the
    reseller, as everywhere.

    Raises:
        ValidationFailed: a key of the operator's names none, or one that is not there.
        NotFound: a reseller's key names another.
    """
    reseller_id = whom_meant(principal, named)
    now = await now_for(session, principal, reseller_id, wall)
    lock = queries.lock_reseller if exclusive else queries.share_reseller
    reseller = await lock(session, reseller_id)
    if reseller is None or reseller.is_operator:
        raise ValidationFailed.at("/reseller_id", "there is no such reseller")
    return reseller, now


def whom_meant(principal: Principal, named: UUID | None) -> UUID:
    """Return the reseller that a request is about.

    Raises:
        ValidationFailed: a key of the operator's names none.
        NotFound: a reseller's key names another.
    """
    if not principal.is_staff and named not in {None, principal.reseller_id}:
        raise NotFound("there is no such reseller")
    if principal.is_staff and named is None:
        raise ValidationFailed.at("/reseller_id", "a key of the operator's names the reseller that it acts for")
    return named or principal.reseller_id


async def now_for(session: AsyncSession, principal: Principal, reseller_id: UUID, wall: datetime) -> datetime:
    """Return a reseller's present instant; its test clock, if it lives on one, stays there until the end."""
    return await time_of(session, await _test_clock_of(session, principal, reseller_id), wall)


async def _test_clock_of(session: AsyncSession, principal: Principal, reseller_id: UUID) -> UUID | None:
    if not principal.is_staff:
        return principal.test_clock_id
    reseller = await queries.find_reseller(session, reseller_id)
    return reseller.test_clock_id if reseller else None


async def get_reseller(session: AsyncSession, reseller_id: UUID) -> Reseller:
    """Return a reseller that this caller may see.

    Raises:
        NotFound: there is none.
    """
    reseller = await queries.find_reseller(session, reseller_id)
    if reseller is None:
        raise NotFound("there is no such reseller")
    return reseller


def default_notifications(kind: str) -> Mapping[str, bool]:
    """Return what a new contact is sent: all that concerns it; its reseller's systems concern the reseller's staff."""
    always = dict.fromkeys(("acknowledgements", "replies", "status_changes"), True)
    return {**always, "endpoint_notices": kind == "reseller_staff"}


async def add_contact(
    session: AsyncSession, reseller: Reseller, kind: str, name: str, email: str | None, phone: str | None, now: datetime
) -> Contact:
    """Add a person to a reseller.

    Raises:
        Conflict: another contact of the reseller has that address.
    """
    contact = Contact(
        reseller_id=reseller.id,
        id=new_id(),
        kind=kind,
        name=name,
        email=email,
        phone=phone,
        notifications=dict(default_notifications(kind)),
        created_at=now,
    )
    session.add(contact)
    await _flush(session, email)
    return contact


async def change_contact(session: AsyncSession, contact: Contact, wanted: ContactChange) -> None:
    """Change a contact, which is locked. What mail to an address did says nothing of another address.

    Raises:
        Conflict: another contact of the reseller has that address.
    """
    given = wanted.model_dump(exclude_unset=True)
    contact.notifications = contact.notifications | given.pop("notifications", {})
    if given.pop("mail_suspended", None) is False:
        contact.mail_suspended_at = None
    if "email" in given and given["email"] != contact.email:
        contact.mail_suspended_at = contact.mail_bounced_at = None
    contact.sqlmodel_update(given)
    contact.version += 1
    await _flush(session, contact.email)


async def _flush(session: AsyncSession, email: str | None) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(f"a contact with the address {email} is there already") from error


async def note_bounce(session: AsyncSession, contact_id: UUID, at: datetime, *, suspend: bool) -> bool:
    """Note that mail to a contact came back for good; tell whether nothing more is sent to it from now on."""
    contact = await queries.lock_contact(session, contact_id)
    assert contact is not None, "contacts are never removed"
    contact.mail_bounced_at = at
    contact.version += 1
    if not suspend or contact.mail_suspended_at is not None:
        return False
    contact.mail_suspended_at = at
    return True
