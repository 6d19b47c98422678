"""The domains whose mail is a reseller's."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.outbound.hosts import parse_host
from app.infra.problems import Conflict, ValidationFailed
from app.resellers import queries
from app.resellers.models import Reseller

_MOST = 20


def mail_domain(value: str) -> str:
    """Return a domain as it is kept and compared: in lower case, its labels in ASCII.

    Raises:
        ValueError: it is not a domain that mail comes from.
    """
    name, address = parse_host(value)
    if address is not None or "." not in name:
        msg = "a domain, such as example.com"
        raise ValueError(msg)
    return name


def _once(domains: list[str]) -> list[str]:
    return sorted(set(domains))


MailDomains = Annotated[
    list[Annotated[str, AfterValidator(mail_domain), Field(max_length=253, examples=["example.com"])]],
    AfterValidator(_once),
    Field(max_length=_MOST, description="Whose mail is this reseller's; a domain is one reseller's at most."),
]


async def set_mail_domains(session: AsyncSession, reseller: Reseller, domains: Sequence[str]) -> None:
    """Let these, and no others, be the domains of a reseller, which is locked or new and written.

    Raises:
        Conflict: one is another reseller's.
        ValidationFailed: it is the operator's own row, whose mail is no reseller's.
    """
    if reseller.is_operator and domains:
        raise ValidationFailed.at("/mail_domains", "the operator's own mail is no reseller's")
    await queries.drop_mail_domains(session, reseller.id, domains)
    before = (await queries.mail_domains_of(session, [reseller.id]))[reseller.id]
    wanted = [domain for domain in domains if domain not in before]
    taken = set(wanted) - await queries.add_mail_domains(session, reseller.id, wanted)
    if taken:
        raise Conflict(f"another reseller has {', '.join(sorted(taken))}")
