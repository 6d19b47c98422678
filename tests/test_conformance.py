"""Every operation is asked what its own document allows, and much that it does not: it answers as the document says."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from unittest import SkipTest

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from app.infra.ids import decode, encode
from app.infra.now import wall_now
from app.mail.intake import queries
from app.mail.intake.accepting import accept, raw_of
from app.main import bare_app
from tests.conftest import STAFF_KEY
from tests.desk import Caller, Desk, Json, open_test_desk
from tests.files import attach
from tests.mail.corpus import plain

pytestmark = pytest.mark.timeout(240)


def _keyless(document: Json) -> Json:
    """Return a document that asks no key, since each request is sent with one: nothing is drawn in its place."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in operations:
        operation.pop("security")
    document["components"].pop("securitySchemes")
    return document


SCHEMA = schemathesis.openapi.from_dict(_keyless(bare_app().openapi()))
# A stream has no end that could be waited for: tests/events/test_stream.py holds it against the document.
OPERATIONS = [
    result.ok() for result in SCHEMA.exclude(path="/v1/events/stream").get_all_operations() if isinstance(result, Ok)
]
_CHECKS = [
    not_a_server_error,
    checks.negative_data_rejection,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_DRAWN = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Asked:
    """A desk with something of everything, and who asks it; requests run on a loop of its own, one after the other."""

    run: Callable[..., Any]
    callers: dict[str, Caller]
    ids: dict[str, str]

    def check(self, whose: str, case: Case[Any]) -> None:
        """Send a drawn request over the desk's own client, and hold the answer against the document."""
        request = case.as_transport_kwargs(base_url="http://desk.test")
        del request["cookies"]
        if not request.get("files") and "data" in request:
            request["content"] = request.pop("data")
        answer: httpx.Response = self.run(self._answer(self.callers[whose].http, request))
        case.validate_response(answer, checks=_CHECKS)

    async def _answer(self, client: httpx.AsyncClient, request: dict[str, Any]) -> httpx.Response:
        made = client.build_request(**request)
        await made.aread()  # a form is written as it is sent, and the checks look at it
        return await client.send(made)


@pytest.fixture
def asked(database_url: str) -> Iterator[Asked]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        desk = runner.run(stack.enter_async_context(open_test_desk(database_url, STAFF_KEY)))
        reseller, ids = runner.run(_something_of_everything(desk))
        yield Asked(runner.run, {"reseller": reseller, "staff": desk.staff}, ids)
        runner.run(stack.aclose())


async def _something_of_everything(desk: Desk) -> tuple[Caller, dict[str, str]]:
    reseller = await desk.reseller("ultimate")
    ticket = await reseller.open_ticket()
    escalation = await reseller.post(f"/tickets/{ticket['id']}/escalations", {"reason": "please"})
    endpoint = await reseller.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/x"})
    person = await desk.staff.post("/staff", {"name": "A", "email": "a@example.com", "roles": ["agent"]})
    ann = await reseller.post("/contacts", {"name": "A", "email": "a@example.com"})
    written = await reseller.open_ticket(contact_id=ann["id"])
    await desk.staff.post(f"/tickets/{written['id']}/messages", {"body": "We are on it."})
    mailbox, inbound_mail_id = await _a_mail(desk)
    await desk.publish()
    return reseller, {
        "mailbox_id": mailbox["id"],
        "inbound_mail_id": inbound_mail_id,
        "outgoing_mail_id": (await desk.staff.get("/outgoing-mail"))["data"][0]["id"],
        "reseller_id": reseller.id,
        "test_clock_id": reseller.clock,
        "ticket_id": ticket["id"],
        "attachment_id": (await attach(reseller, ticket, ("a.txt", b"a")))[0]["id"],
        "contact_id": ann["id"],
        "escalation_id": escalation["id"],
        "purchase_id": (await reseller.post("/add-on-purchases", {"product": "icc_intelligent_hands"}))["id"],
        "endpoint_id": endpoint["id"],
        "delivery_id": (await reseller.post(f"/webhook-endpoints/{endpoint['id']}/ping"))["id"],
        "alarm_id": await _an_alarm(desk, reseller),
        "source_id": (await reseller.post("/alarm-sources", {"name": "Monitoring"}))["id"],
        "staff_id": person["id"],
        "code": "lite",
    }


async def _a_mail(desk: Desk) -> tuple[Json, str]:
    mailbox = await desk.staff.post("/mailboxes", {"address": "support@desk.example"})
    async with desk.database.transaction() as session:
        box = await queries.find_mailbox(session, decode("mbx", mailbox["id"]))
    assert box is not None
    mail_id = await accept(desk.database, box, "lmtp", "a@example.com", [box.address], raw_of(plain()), wall_now())
    return mailbox, encode("iml", mail_id)


async def _an_alarm(desk: Desk, reseller: Caller) -> str:
    alarm = {"source": "a", "dedup_key": "b", "action": "trigger", "severity": "info", "summary": "c"}
    told = await desk.staff.post("/alarms", alarm | {"reseller_id": reseller.id})
    return str(told["alarm_id"])


@pytest.mark.parametrize("whose", ["reseller", "staff"])
def test_every_operation_answers_as_the_document_says(asked: Asked, whose: str) -> None:
    _ask_everything(asked, whose, GenerationMode.POSITIVE, times=6)


def test_what_the_document_does_not_allow_is_refused(asked: Asked) -> None:
    _ask_everything(asked, "staff", GenerationMode.NEGATIVE, times=3)


def _ask_everything(asked: Asked, whose: str, mode: GenerationMode, times: int) -> None:
    for operation in OPERATIONS:
        mine = {one.name: asked.ids[one.name] for one in operation.path_parameters if one.name in asked.ids}
        _draw(asked, whose, operation.as_strategy(generation_mode=mode), times)
        if mine and operation.method != "delete":
            _draw(asked, whose, operation.as_strategy(generation_mode=mode, path_parameters=mine), times)


def _draw(asked: Asked, whose: str, cases: st.SearchStrategy[Case[Any]], times: int) -> None:
    @settings(_DRAWN, max_examples=times)
    @given(cases)
    def check(case: Case[Any]) -> None:
        asked.check(whose, case)

    with contextlib.suppress(Unsatisfiable, SkipTest):  # nothing to get wrong in an operation that takes nothing
        check()
