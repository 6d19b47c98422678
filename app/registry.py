"""What the rooms bring: tables, who reacts to what, what falls due, what follows from an event, what is sealed."""

from typing import Any

from sqlmodel import SQLModel

from app.alarms import models as alarms_models
from app.alarms import secrets as alarms_secrets
from app.alarms.endings import end_alarms
from app.auth import models as auth_models
from app.catalogue import models as catalogue_models
from app.catalogue.facts import PolicyPublished
from app.clocks import models as clocks_models
from app.entitlements import models as entitlements_models
from app.entitlements.agenda import Agreements
from app.entitlements.facts import TermsChange, TermsChangeForAll
from app.escalations import models as escalations_models
from app.escalations import service as escalations
from app.escalations.sweep import closings, ladders
from app.events import models as events_models
from app.events.publisher import Consequence
from app.events.reactions import register
from app.infra import health as health_models
from app.infra.agenda import Source
from app.infra.rewrapping import SealedColumn
from app.infra.settings import Settings
from app.mail import models as mail_models
from app.mail.outbox.composing import mail_writer
from app.mail.outbox.house import House
from app.resellers import models as resellers_models
from app.tickets import attachment_models, recalculation
from app.tickets import models as tickets_models
from app.tickets.facts import ClockCancelled, ClockMet, QuietEnded, StepDue, WorkEnded
from app.webhooks import models as webhooks_models
from app.webhooks import sealed as webhooks_sealed
from app.webhooks.fan_out import fan_out

MODELS = (
    alarms_models,
    attachment_models,
    auth_models,
    catalogue_models,
    clocks_models,
    entitlements_models,
    escalations_models,
    events_models,
    health_models,
    mail_models,
    resellers_models,
    tickets_models,
    webhooks_models,
)
METADATA = SQLModel.metadata

# At one instant terms change first, then ladders are climbed, then tickets close.
SOURCES: tuple[Source, ...] = (Agreements(), recalculation.Recalculations(), ladders(), closings())


def consequences(settings: Settings) -> tuple[Consequence, ...]:
    """Return what follows from events: what is enqueued in the publisher's transaction.

    Raises:
        SettingsError: there is no ring of keys, which signs the addresses of mails.
    """
    return fan_out, mail_writer(House.of(settings))


# All that the ring of keys seals: what is not here, a change of the ring loses.
SEALED: tuple[SealedColumn[Any], ...] = (webhooks_sealed.SECRETS, webhooks_sealed.HEADERS, alarms_secrets.SECRETS)


def register_reactions() -> None:
    """Say who reacts to what in the same transaction; saying it twice changes nothing."""
    register(TermsChange, recalculation.schedule)
    register(TermsChangeForAll, recalculation.schedule_for_all)
    register(PolicyPublished, recalculation.schedule_policy)
    register(StepDue, escalations.raise_step)
    register(QuietEnded, escalations.reopen)
    register(ClockMet, escalations.resolve_with_clock)
    register(ClockCancelled, escalations.resolve_with_clock)
    register(WorkEnded, escalations.resolve_rest, end_alarms)
