"""What this room announces to those above it, in the transaction in which it happens."""

from dataclasses import dataclass
from datetime import datetime

from app.clocks.facts import PromiseDropped, PromiseKept, QuietOver, StepPassed
from app.entitlements.entitlement import Entitlement
from app.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class StepDue:
    """A step of a ticket's ladder fell due."""

    ticket: Ticket
    entitlement: Entitlement
    fact: StepPassed


@dataclass(frozen=True, slots=True)
class QuietEnded:
    """An acknowledgement on a ticket's clock has expired."""

    ticket: Ticket
    fact: QuietOver


@dataclass(frozen=True, slots=True)
class ClockMet:
    """A clock of a ticket is met."""

    ticket: Ticket
    fact: PromiseKept


@dataclass(frozen=True, slots=True)
class ClockCancelled:
    """A clock of a ticket is cancelled."""

    ticket: Ticket
    fact: PromiseDropped


@dataclass(frozen=True, slots=True)
class WorkEnded:
    """A ticket was resolved, closed or cancelled."""

    ticket: Ticket
    at: datetime
