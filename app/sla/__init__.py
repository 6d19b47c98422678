"""The arithmetic of promises: pure values, the standard library only, ``now`` always an argument.

``calendar`` says when the desk is open (``opening``, ``localtime`` and ``timetable`` carry it; ``calendar_faults`` and
``calendar_data`` refuse and read it). ``terms`` are a target, a counting and a calendar. ``clock`` is one promise on
one ticket (``facts`` holds what is known of it, ``change`` the rule for new terms). ``ladder`` settles what time alone
does to a clock (``steps`` and ``due`` carry it). ``policy`` is what is promised, as data; ``remedies`` are what it
says of a reopened ticket and of a miss. ``promises`` says what each moment of a ticket does to its clocks, and
``status`` sums them up. ``explanation`` cuts the time of a clock where its ledger says that something changed, and
``narrative`` tells that in words. Instants are aware UTC datetimes, spans are whole microseconds, shares are basis
points and floored.
"""

from app.sla.calendar import ALWAYS, Calendar
from app.sla.clock import Clock, State
from app.sla.durations import format_duration, parse_duration
from app.sla.errors import BadCalendar, BadPolicy, IllegalTransition, OutOfRange
from app.sla.ladder import Breached, Fact, QuietEnded, StepReached, next_step_at, settle, wake_at
from app.sla.opening import Opening
from app.sla.policy import DEFAULT_CALENDARS, DEFAULT_POLICY_DATA, Policy, Target
from app.sla.promises import Book, Heard, Situation, TermsOf
from app.sla.remedies import Credits, Reopen
from app.sla.status import SlaStatus, next_due_at, sla_status
from app.sla.steps import DEFAULT_STEPS, Ladder, Step
from app.sla.terms import Counting, Metric, Terms

__all__ = [
    "ALWAYS",
    "DEFAULT_CALENDARS",
    "DEFAULT_POLICY_DATA",
    "DEFAULT_STEPS",
    "BadCalendar",
    "BadPolicy",
    "Book",
    "Breached",
    "Calendar",
    "Clock",
    "Counting",
    "Credits",
    "Fact",
    "Heard",
    "IllegalTransition",
    "Ladder",
    "Metric",
    "Opening",
    "OutOfRange",
    "Policy",
    "QuietEnded",
    "Reopen",
    "Situation",
    "SlaStatus",
    "State",
    "Step",
    "StepReached",
    "Target",
    "Terms",
    "TermsOf",
    "format_duration",
    "next_due_at",
    "next_step_at",
    "parse_duration",
    "settle",
    "sla_status",
    "wake_at",
]
