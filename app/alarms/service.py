"""Taking an alarm in. Whoever locks both takes the ticket first, then its alarm; a mere repeat locks no ticket."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.alarms import queries
from app.alarms.models import Alarm
from app.alarms.queries import Key
from app.alarms.schemas import AlarmReceipt, AlarmSent, receipt
from app.alarms.wording import Severity, at_least, description_of, priorities, subject_of
from app.auth.principals import Principal
from app.auth.visit import Visit
from app.events.kinds import EventType
from app.infra.ids import new_id
from app.resellers.service import act_for, now_for, whom_meant
from app.sla.words import Priority
from app.tickets.act import Act, take
from app.tickets.actors import Actor
from app.tickets.changes import enter_status, raise_priority
from app.tickets.lifecycle import AT_WORK
from app.tickets.opening import open_by_intake
from app.tickets.reading import number_of
from app.tickets.schemas import TicketCreate


@dataclass(frozen=True, slots=True)
class Sender:
    """Who reports: under whose rights, and as whom the record keeps it."""

    principal: Principal
    actor: Actor


@dataclass(frozen=True, slots=True)
class _Report:
    session: AsyncSession
    sender: Sender
    sent: AlarmSent
    key: Key
    wall: datetime
    setting: str

    async def take(self, alarm: Alarm) -> Act:
        return await take(self.session, alarm.ticket_id, self.sender.actor, self.wall)

    @property
    def severity(self) -> Severity:
        assert self.sent.severity is not None, "a trigger has one"
        return self.sent.severity

    @property
    def summary(self) -> str:
        assert self.sent.summary is not None, "a trigger has one"
        return self.sent.summary

    @property
    def priority(self) -> Priority:
        return priorities(self.setting)[self.severity]


async def receive(visit: Visit, sender: Sender, sent: AlarmSent) -> AlarmReceipt:
    """Let an alarm do what it asks for.

    Raises:
        ValidationFailed: a key of the operator's names no reseller, or one that is not there.
        NotFound: a reseller's key names another.
    """
    key = Key(whom_meant(sender.principal, sent.reseller_id), sent.source, sent.dedup_key)
    report = _Report(visit.session, sender, sent, key, visit.wall, visit.desk.settings.alarm_priorities)
    if sent.action == "trigger":
        return await _trigger(report)
    alarm = await queries.find_live(report.session, key)
    if alarm is None:
        await act_for(report.session, sender.principal, sent.reseller_id, visit.wall)  # refuses a reseller that is none
        return receipt("ignored", None)
    return await (_resolve if sent.action == "resolve" else _acknowledge)(report, alarm)


async def _trigger(report: _Report) -> AlarmReceipt:
    counted = await _count(report)
    if counted is None:
        await queries.hold(report.session, report.key)
        counted = await _count(report)  # another may have opened it while this one waited
    if counted is not None:
        return receipt("repeated", counted)
    alarm = await queries.find_at_work(report.session, report.key)
    if alarm is not None:
        act = await report.take(alarm)
        if act.ticket.status in AT_WORK:
            return await _worsen(report, act, alarm)
        await act.finish()
    return await _open(report)


async def _count(report: _Report) -> Alarm | None:
    now = await now_for(report.session, report.sender.principal, report.key.reseller_id, report.wall)
    latest = {"summary": report.summary, "details": report.sent.details, "occurred_at": report.sent.occurred_at}
    return await queries.count_repeat(report.session, report.key, at_least(report.severity), now, latest)


async def _worsen(report: _Report, act: Act, found: Alarm) -> AlarmReceipt:
    """Count a report that is graver than any before, or whose ticket was reopened by somebody else."""
    alarm = await queries.lock_alarm(report.session, found)
    if alarm.state == "resolved" or alarm.severity not in at_least(report.severity):
        alarm.severity = report.severity
    if alarm.state == "resolved":
        alarm.state, alarm.resolved_at, alarm.acknowledged_at = "triggered", None, None
    alarm.count += 1
    alarm.last_at = max(alarm.last_at, act.now)
    alarm.summary, alarm.details, alarm.occurred_at = report.summary, report.sent.details, report.sent.occurred_at
    raise_priority(act, report.priority, f"{report.sent.source} reports it as {report.severity}")
    await act.finish()
    return receipt("repeated", alarm)


async def _open(report: _Report) -> AlarmReceipt:
    sent = report.sent
    reseller, now = await act_for(report.session, report.sender.principal, sent.reseller_id, report.wall)
    wanted = TicketCreate(
        subject=subject_of(report.summary),
        description=description_of(
            report.summary, sent.source, sent.dedup_key, report.severity, sent.occurred_at, sent.details
        ),
        priority=report.priority,
        channel="alarm",
    )
    act = await open_by_intake(report.session, reseller, wanted, report.sender.actor, now)
    alarm = Alarm(
        reseller_id=reseller.id,
        id=new_id(),
        source=sent.source,
        dedup_key=sent.dedup_key,
        state="triggered",
        severity=report.severity,
        summary=report.summary,
        details=sent.details,
        occurred_at=sent.occurred_at,
        first_at=now,
        last_at=now,
        ticket_id=act.ticket.id,
        ticket_number=number_of(act.ticket.number),
    )
    report.session.add(alarm)
    await report.session.flush()
    return receipt("opened", alarm)


async def _acknowledge(report: _Report, found: Alarm) -> AlarmReceipt:
    """Note that somebody looks into it out there; the desk's own ladder goes on."""
    if found.state == "acknowledged":
        return receipt("acknowledged", found)
    act = await report.take(found)
    alarm = await queries.lock_alarm(report.session, found)
    first = alarm.state == "triggered"
    if first:
        alarm.state, alarm.acknowledged_at = "acknowledged", act.now
        act.note("alarm", "triggered", "acknowledged", f"acknowledged at {report.sent.source}")
        act.tell(EventType.TICKET_UPDATED)
    await act.finish()
    return receipt("ignored", None) if alarm.state == "resolved" else receipt("acknowledged", alarm)


async def _resolve(report: _Report, found: Alarm) -> AlarmReceipt:
    act = await report.take(found)
    alarm = await queries.lock_alarm(report.session, found)
    live = alarm.state != "resolved"
    if live:  # it ends with its ticket
        await enter_status(act, "resolved", f"{report.sent.source} reports that it is over")
    await act.finish()
    return receipt("resolved", alarm) if live else receipt("ignored", None)
