"""Mail in and out: mailboxes, what came, what is sent, and by what replies find their tickets."""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAMES = ("mailboxes", "inbound_mails", "mail_links", "reply_handles", "outgoing_mails", "mail_bounces")
TABLES = """
create table mailboxes (
  reseller_id uuid not null, id uuid not null, address varchar not null, name varchar, priority varchar not null,
  version integer not null, created_at timestamptz not null,
  constraint pk_mailboxes primary key (reseller_id, id),
  constraint uq_mailboxes_id unique (id),
  constraint ck_mailboxes_priority check (priority in ('immediate', 'priority', 'low')),
  constraint fk_mailboxes_reseller_id foreign key (reseller_id) references resellers (id)
);
create unique index uq_mailboxes_address on mailboxes (lower(address));
create table inbound_mails (
  reseller_id uuid not null, id uuid not null, mailbox_id uuid not null, source varchar not null,
  envelope_from varchar, envelope_to text[] not null, raw bytea, size integer not null, truncated boolean not null,
  sha256 bytea not null, accepted_at timestamptz not null, state varchar not null, reason varchar, detail varchar,
  attempts integer not null, released jsonb, read jsonb, body_text varchar, body_html varchar, message_key varchar, body_sha256 bytea, sender varchar,
  verified boolean, automatic varchar, routed_reseller_id uuid, contact_id uuid, ticket_id uuid, message_id uuid,
  related_ticket_id uuid, same_as_id uuid, opened boolean not null, reopened boolean not null, finished_at timestamptz,
  constraint pk_inbound_mails primary key (reseller_id, id),
  constraint uq_inbound_mails_id unique (id),
  constraint ck_inbound_mails_source check (source in ('lmtp', 'pipe', 'imap')),
  constraint ck_inbound_mails_state check (state in ('received', 'done', 'held', 'quarantined', 'rejected')),
  constraint fk_inbound_mails_reseller_id foreign key (reseller_id) references resellers (id),
  constraint fk_inbound_mails_mailbox_id foreign key (mailbox_id) references mailboxes (id),
  constraint fk_inbound_mails_routed_reseller_id foreign key (routed_reseller_id) references resellers (id)
);
create unique index uq_inbound_mails_content on inbound_mails (mailbox_id, sha256);
create index ix_inbound_mails_kept on inbound_mails (accepted_at)
  where raw is not null and state in ('done', 'rejected');
create index ix_inbound_mails_list on inbound_mails (state, id);
create index ix_inbound_mails_key on inbound_mails (message_key);
create index ix_inbound_mails_sender on inbound_mails (sender, accepted_at);
create index ix_inbound_mails_ticket on inbound_mails (ticket_id, id) where ticket_id is not null;
alter table inbound_mails alter column raw set storage external;
create table mail_links (
  reseller_id uuid not null, message_key varchar not null, ticket_id uuid not null, kind varchar not null,
  mailbox_id uuid, at timestamptz not null,
  constraint pk_mail_links primary key (reseller_id, message_key, ticket_id),
  constraint ck_mail_links_kind check (kind in ('sent', 'received', 'ancestor')),
  constraint fk_mail_links_reseller_id_ticket_id foreign key (reseller_id, ticket_id)
    references tickets (reseller_id, id)
);
create table reply_handles (
  reseller_id uuid not null, number bigint generated always as identity, ticket_id uuid not null,
  contact_id uuid, staff_id uuid,
  constraint pk_reply_handles primary key (reseller_id, number),
  constraint uq_reply_handles_number unique (number),
  constraint ck_reply_handles_person check (num_nonnulls(contact_id, staff_id) = 1),
  constraint fk_reply_handles_reseller_id_ticket_id foreign key (reseller_id, ticket_id)
    references tickets (reseller_id, id),
  constraint fk_reply_handles_staff_id foreign key (staff_id) references staff (id)
);
create unique index uq_reply_handles_person on reply_handles (reseller_id, ticket_id, contact_id, staff_id)
  nulls not distinct;
create table outgoing_mails (
  reseller_id uuid not null, id uuid not null, number bigint generated always as identity, kind varchar not null,
  event_id uuid, ticket_id uuid, message_id uuid, escalation_id uuid, contact_id uuid, staff_id uuid, mailbox_id uuid,
  digest_id uuid, sender varchar not null, sender_name varchar not null, bounces_to varchar not null,
  recipient varchar not null, recipient_name varchar not null, subject varchar not null, body_text varchar not null,
  body_html varchar, headers jsonb not null, message_key varchar not null, state varchar not null,
  attempts integer not null, next_attempt_at timestamptz, slot_at timestamptz, answer varchar, bounce jsonb,
  created_at timestamptz not null, sent_at timestamptz,
  constraint pk_outgoing_mails primary key (reseller_id, id),
  constraint uq_outgoing_mails_id unique (id),
  constraint uq_outgoing_mails_number unique (number),
  constraint ck_outgoing_mails_kind check
    (kind in ('acknowledgement', 'reply', 'status', 'call', 'call_digest', 'endpoint_notice')),
  constraint ck_outgoing_mails_state check
    (state in ('queued', 'sent', 'captured', 'failed', 'bounced', 'suppressed', 'gathered')),
  constraint fk_outgoing_mails_reseller_id foreign key (reseller_id) references resellers (id),
  constraint fk_outgoing_mails_staff_id foreign key (staff_id) references staff (id)
);
create unique index uq_outgoing_mails_once on outgoing_mails (event_id, kind, recipient);
create unique index uq_outgoing_mails_message_key on outgoing_mails (message_key);
create index ix_outgoing_mails_list on outgoing_mails (state, id);
create index ix_outgoing_mails_due on outgoing_mails (next_attempt_at) where state = 'queued';
create index ix_outgoing_mails_slot on outgoing_mails (slot_at) where slot_at is not null;
create index ix_outgoing_mails_gathered on outgoing_mails (recipient, id)
  where state = 'gathered' and digest_id is null;
create index ix_outgoing_mails_calls on outgoing_mails (staff_id, created_at) where staff_id is not null;
create index ix_outgoing_mails_recipient on outgoing_mails (recipient, created_at);
create index ix_outgoing_mails_ticket on outgoing_mails (ticket_id, id) where ticket_id is not null;
create index ix_outgoing_mails_message on outgoing_mails (message_id) where message_id is not null;
create table mail_bounces (
  reseller_id uuid not null, id uuid not null, outgoing_id uuid not null, inbound_id uuid,
  recipient varchar not null, status varchar not null, hard boolean not null, diagnostic varchar not null,
  at timestamptz not null,
  constraint pk_mail_bounces primary key (reseller_id, id),
  constraint uq_mail_bounces_id unique (id),
  constraint fk_mail_bounces_reseller_id foreign key (reseller_id) references resellers (id),
  constraint fk_mail_bounces_reseller_id_outgoing_id foreign key (reseller_id, outgoing_id)
    references outgoing_mails (reseller_id, id)
);
create index ix_mail_bounces_recipient on mail_bounces (recipient, at);
create unique index uq_mail_bounces_report on mail_bounces (outgoing_id, inbound_id)
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table in NAMES:  # no tenant's role may touch them
        op.execute(f"grant select, insert, update, delete on {table} to trunkline_operator")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(f"drop table {', '.join(reversed(NAMES))}")
