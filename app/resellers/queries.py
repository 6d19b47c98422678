"""All SQL of resellers and contacts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.resellers.models import Contact, MailDomain, Reseller


async def find_reseller(session: AsyncSession, reseller_id: UUID) -> Reseller | None:
    """Find a reseller; under a tenant only its own is there."""
    return await session.get(Reseller, reseller_id)


async def lock_reseller(session: AsyncSession, reseller_id: UUID) -> Reseller | None:
    """Lock a reseller against every other change of what it is owed."""
    query = select(Reseller).where(col(Reseller.id) == reseller_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def share_reseller(session: AsyncSession, reseller_id: UUID) -> Reseller | None:
    """Read a reseller and keep its terms from being changed until this transaction ends.

    The lock is the one that a foreign key takes, so that those who only open tickets do not wait for each other.
    """
    query = select(Reseller).where(col(Reseller.id) == reseller_id).with_for_update(read=True, key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def list_resellers(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[Reseller]:
    """List resellers, newest first, the operator's own aside."""
    query = select(Reseller).where(col(Reseller.is_operator).is_(False)).order_by(col(Reseller.id).desc()).limit(limit)
    if after is not None:
        query = query.where(col(Reseller.id) < after)
    return (await session.scalars(query)).all()


async def find_contact(session: AsyncSession, reseller_id: UUID, contact_id: UUID) -> Contact | None:
    """Find a contact of a reseller."""
    return await session.get(Contact, (reseller_id, contact_id))


async def find_contact_alone(session: AsyncSession, contact_id: UUID) -> Contact | None:
    """Find a contact by its id alone; under a tenant only its own are there."""
    return (await session.scalars(select(Contact).where(col(Contact.id) == contact_id))).first()


async def lock_contact(session: AsyncSession, contact_id: UUID) -> Contact | None:
    """Lock a contact; under a tenant only its own are there."""
    query = select(Contact).where(col(Contact.id) == contact_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).first()


async def contacts_with_address(session: AsyncSession, address: str) -> Sequence[Contact]:
    """List whoever has an address, over all resellers, the longest known first; its case does not matter."""
    query = select(Contact).where(func.lower(col(Contact.email)) == address.lower()).order_by(col(Contact.id))
    return (await session.scalars(query)).all()


async def list_contacts(
    session: AsyncSession, reseller_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[Contact]:
    """List contacts, newest first."""
    query = select(Contact).order_by(col(Contact.id).desc()).limit(limit)
    if reseller_id is not None:
        query = query.where(col(Contact.reseller_id) == reseller_id)
    if after is not None:
        query = query.where(col(Contact.id) < after)
    return (await session.scalars(query)).all()


async def operator_id(session: AsyncSession) -> UUID:
    """Return the operator's own, reserved reseller."""
    return (await session.scalars(select(col(Reseller.id)).where(col(Reseller.is_operator)))).one()


async def resellers_on(session: AsyncSession, test_clock_id: UUID) -> Sequence[UUID]:
    """List those who live on a test clock."""
    query = select(col(Reseller.id)).where(col(Reseller.test_clock_id) == test_clock_id)
    return (await session.scalars(query.order_by(col(Reseller.id)))).all()


async def reseller_of_domain(session: AsyncSession, domain: str) -> Reseller | None:
    """Find the reseller whose mail comes from a domain, an A-label in lower case."""
    query = select(Reseller).join(MailDomain, col(MailDomain.reseller_id) == col(Reseller.id))
    return (await session.scalars(query.where(col(MailDomain.domain) == domain))).first()


async def mail_domains_of(session: AsyncSession, reseller_ids: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """Return the domains of resellers, each one's in order."""
    found: dict[UUID, list[str]] = defaultdict(list)
    query = select(MailDomain).where(col(MailDomain.reseller_id).in_(reseller_ids)).order_by(col(MailDomain.domain))
    for row in await session.scalars(query):
        found[row.reseller_id].append(row.domain)
    return found


async def drop_mail_domains(session: AsyncSession, reseller_id: UUID, kept: Sequence[str]) -> None:
    """Take away the domains of a reseller that are not kept."""
    await session.execute(
        delete(MailDomain).where(col(MailDomain.reseller_id) == reseller_id, col(MailDomain.domain).not_in(kept))
    )


async def add_mail_domains(session: AsyncSession, reseller_id: UUID, domains: Sequence[str]) -> set[str]:
    """Give a reseller domains; returns those that no other has, whoever wants one at the same time."""
    if not domains:
        return set()
    values = [{"reseller_id": reseller_id, "domain": domain} for domain in sorted(domains)]
    added = insert(MailDomain).values(values).on_conflict_do_nothing().returning(col(MailDomain.domain))
    return set(await session.scalars(added))
