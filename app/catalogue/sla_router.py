"""The written SLA: as data, as a text, as a page; open to every key, and without one."""

from typing import Annotated

from fastapi import Header, Query, Response
from pydantic import Field

from app.auth.edge import edge_router
from app.auth.visit import CurrentVisit, Visit
from app.catalogue import queries
from app.catalogue.document import Document, markdown
from app.catalogue.editions import edition_for
from app.catalogue.models import Plan, SupportLevel
from app.catalogue.schemas import SlaPolicyRead
from app.catalogue.sla_reading import sla_read
from app.catalogue.written import Edition, written
from app.infra.negotiation import VARY, choose, other_forms
from app.infra.pages import Pages, page_answer
from app.infra.problems import ValidationFailed
from app.infra.wire import Code, Request

router = edge_router("Catalogue")
_PAGES = Pages("app.catalogue")
_FORMS = ("application/json", "text/markdown", "text/html")


class SlaDocumentQuery(Request):
    """Which part of which version."""

    plan: Annotated[Code | None, Field(description="What a plan includes.")] = None
    level: Annotated[int | None, Field(ge=1, description="What a support level includes.")] = None
    version: Annotated[int | None, Field(ge=1, lt=2**31, description="An earlier version, or a scheduled one.")] = None


@router.get("/sla", response_model=SlaPolicyRead, responses=other_forms(_FORMS))
async def get_sla(
    query: Annotated[SlaDocumentQuery, Query()],
    visit: CurrentVisit,
    response: Response,
    accept: Annotated[str | None, Header()] = None,
) -> object:
    """Read the written SLA in force, or another version of it: whole, of a plan, or of a level.

    By `Accept` it is JSON (the promises, the ladder, what pauses a clock, the calendars, the changes against the
    version before), a text in Markdown, or a page to print. It is made from the policy that drives the clocks. A key
    of a reseller on a test clock reads what holds there.
    """
    form = choose(accept, _FORMS)
    found, edition = await edition_for(visit, query.version)
    levels, plan = await _asked(visit, query)
    response.headers.update(VARY)
    if form == "application/json":
        return sla_read(found, edition, frozenset(level.level for level in levels))
    document = await _document(visit, edition, levels, plan)
    if form == "text/markdown":
        return Response(markdown(document), media_type="text/markdown", headers=VARY)
    return page_answer(_PAGES.render("sla.html", document=document))


async def _asked(visit: Visit, query: SlaDocumentQuery) -> tuple[list[SupportLevel], Plan | None]:
    if query.plan is not None and query.level is not None:
        raise ValidationFailed.at("/level", "name a plan or a level, not both")
    plan = await queries.find_plan(visit.session, query.plan) if query.plan is not None else None
    if query.plan is not None and plan is None:
        raise ValidationFailed.at("/plan", f"there is no plan {query.plan}: GET /v1/plans lists them")
    wanted = plan.level if plan is not None else query.level
    levels = [row for row in await queries.list_levels(visit.session) if wanted in {None, row.level}]
    if not levels:
        raise ValidationFailed.at("/level", f"there is no level {wanted}: GET /v1/support-levels lists them")
    return levels, plan


async def _document(visit: Visit, edition: Edition, levels: list[SupportLevel], plan: Plan | None) -> Document:
    plans, products = await queries.list_plans(visit.session), await queries.list_products(visit.session)
    return written(edition, levels, plans, products, plan)
