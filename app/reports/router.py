"""The report of what became of the promises."""

from typing import Annotated

from fastapi import Header, Query, Response

from app.auth.edge import edge_router
from app.auth.permissions import needs
from app.auth.principals import Scope
from app.auth.visit import CurrentVisit
from app.infra.negotiation import VARY, choose, other_forms
from app.infra.pages import page_answer
from app.reports.page import page
from app.reports.schemas import Report, ReportQuery
from app.reports.service import chart_of, report
from app.reports.sheet import sheet

router = edge_router("Reports")
_FORMS = ("application/json", "text/csv", "text/html")


@router.get(
    "/sla/report", response_model=Report, responses=other_forms(_FORMS), dependencies=[needs(Scope.TICKETS_READ)]
)
async def get_sla_report(
    query: Annotated[ReportQuery, Query()],
    visit: CurrentVisit,
    response: Response,
    accept: Annotated[str | None, Header()] = None,
) -> object:
    """Report what became of the promises that were decided in a span: met at their meeting, missed at their deadline.

    A reseller's key reports its own, a key of the operator's everybody's, or one reseller's with `reseller_id`.
    Percentiles are of counted time, until a promise was met, in time or late. Months are those of `time_zone`, UTC
    where none is named. `credits` is what policies that name credits owe for the misses of the span. By `Accept` it
    is JSON, CSV (a row for each group), or a page to print.
    """
    form = choose(accept, _FORMS)
    made = await report(visit, query)
    response.headers.update(VARY)
    if form == "application/json":
        return made
    if form == "text/html":
        return page_answer(page(made, await chart_of(visit, query, made)))
    name = f"sla-report-{query.since:%Y-%m-%d}-{query.until:%Y-%m-%d}-by-{query.group_by}.csv"
    saved = {"Content-Disposition": f'attachment; filename="{name}"', **VARY}
    return Response(sheet(made), media_type="text/csv; charset=utf-8; header=present", headers=saved)
