"""The list of routers, in the order of the OpenAPI document."""

from fastapi import APIRouter

from app.alarms.router import router as alarms
from app.alarms.signed_router import router as signed_alarms
from app.alarms.sources_router import router as alarm_sources
from app.auth.staff_router import router as staff
from app.auth.test_clocks_router import long_router as advances
from app.auth.test_clocks_router import router as test_clocks
from app.catalogue.policies_router import router as policies
from app.catalogue.router import router as catalogue
from app.catalogue.sla_router import router as written_sla
from app.entitlements.contacts_router import router as contacts
from app.entitlements.resellers_router import router as resellers
from app.entitlements.router import router as entitlements
from app.entitlements.usage_router import router as usage
from app.entitlements.windows_router import router as windows
from app.escalations.router import router as escalations
from app.events.router import router as events
from app.events.stream_router import router as event_stream
from app.infra.problem_pages import router as problem_pages
from app.mail.intake.mailboxes_router import router as mailboxes
from app.mail.intake.router import router as inbound_mail
from app.mail.outbox.router import router as outgoing_mail
from app.reports.router import router as reports
from app.tickets.attachments_router import router as attachments
from app.tickets.customer_router import router as end_customers
from app.tickets.explanation_router import router as explanations
from app.tickets.merging_router import router as merges
from app.tickets.policy_preview_router import router as policy_preview
from app.tickets.recalculations_router import router as recalculations
from app.tickets.router import router as tickets
from app.tickets.sla_router import router as sla_status
from app.tickets.watchers_router import router as watchers
from app.tickets.work_router import router as work
from app.webhooks.delivery_router import router as webhook_deliveries
from app.webhooks.health_router import router as webhook_health
from app.webhooks.recovery_router import router as webhook_recoveries
from app.webhooks.router import router as webhooks
from app.webhooks.secrets_router import router as webhook_secrets

VERSIONED: tuple[APIRouter, ...] = (
    catalogue,
    written_sla,
    resellers,
    contacts,
    entitlements,
    usage,
    tickets,
    attachments,
    watchers,
    merges,
    work,
    end_customers,
    sla_status,
    explanations,
    escalations,
    alarms,
    alarm_sources,
    signed_alarms,
    mailboxes,
    inbound_mail,
    outgoing_mail,
    reports,
    events,
    event_stream,
    webhooks,
    webhook_health,
    webhook_deliveries,
    webhook_recoveries,
    webhook_secrets,
    policy_preview,
    policies,
    windows,
    test_clocks,
    advances,
    recalculations,
    staff,
)
UNVERSIONED: tuple[APIRouter, ...] = (problem_pages,)
