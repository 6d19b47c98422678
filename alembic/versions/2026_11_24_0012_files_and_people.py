"""Attachments, watchers, what contacts receive, domains of mail, merged tickets."""

from collections.abc import Sequence

from alembic import op

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
# A message takes an attachment by an update of that one column.
GRANTS = {
    "attachments": "select, insert, update (message_id)",
    "attachment_contents": "select, insert",
    "ticket_watchers": "select, insert, delete",
    "reseller_mail_domains": "select",
}
# What is internal is the operator's alone, and so is a content that nothing but an internal attachment has.
NARROWER = {
    "attachments": "and visibility = 'public'",
    "attachment_contents": "and exists (select from attachments a"
    " where a.reseller_id = attachment_contents.reseller_id and a.sha256 = attachment_contents.sha256)",
}
TABLES = """
create table attachment_contents (
  reseller_id uuid not null, sha256 bytea not null, content bytea not null,
  constraint pk_attachment_contents primary key (reseller_id, sha256),
  constraint fk_attachment_contents_reseller_id foreign key (reseller_id) references resellers (id)
);
alter table attachment_contents alter column content set storage external;
create table attachments (
  reseller_id uuid not null, id uuid not null, ticket_id uuid not null, message_id uuid, name varchar not null,
  media_type varchar not null, size integer not null, sha256 bytea not null, visibility varchar not null,
  inline boolean not null, content_id varchar, author jsonb not null, created_at timestamptz not null,
  constraint pk_attachments primary key (reseller_id, id),
  constraint uq_attachments_id unique (id),
  constraint ck_attachments_visibility check (visibility in ('public', 'internal')),
  constraint fk_attachments_reseller_id_ticket_id foreign key (reseller_id, ticket_id)
    references tickets (reseller_id, id),
  constraint fk_attachments_reseller_id_message_id foreign key (reseller_id, message_id)
    references messages (reseller_id, id),
  constraint fk_attachments_reseller_id_sha256 foreign key (reseller_id, sha256)
    references attachment_contents (reseller_id, sha256)
);
create index ix_attachments_ticket on attachments (reseller_id, ticket_id, id);
create index ix_attachments_message on attachments (reseller_id, message_id, id) where message_id is not null;
create index ix_attachments_content on attachments (reseller_id, sha256);
create table ticket_watchers (
  reseller_id uuid not null, id uuid not null, ticket_id uuid not null, contact_id uuid, staff_id uuid,
  name varchar not null, created_at timestamptz not null,
  constraint pk_ticket_watchers primary key (reseller_id, id),
  constraint uq_ticket_watchers_id unique (id),
  constraint ck_ticket_watchers_person check (num_nonnulls(contact_id, staff_id) = 1),
  constraint uq_ticket_watchers_contact unique (reseller_id, ticket_id, contact_id),
  constraint uq_ticket_watchers_staff unique (reseller_id, ticket_id, staff_id),
  constraint fk_ticket_watchers_reseller_id_ticket_id foreign key (reseller_id, ticket_id)
    references tickets (reseller_id, id),
  constraint fk_ticket_watchers_reseller_id_contact_id foreign key (reseller_id, contact_id)
    references contacts (reseller_id, id),
  constraint fk_ticket_watchers_staff_id foreign key (staff_id) references staff (id)
);
create table reseller_mail_domains (
  reseller_id uuid not null, domain varchar not null,
  constraint pk_reseller_mail_domains primary key (reseller_id, domain),
  constraint uq_reseller_mail_domains_domain unique (domain),
  constraint fk_reseller_mail_domains_reseller_id foreign key (reseller_id) references resellers (id)
)
"""
NOTIFIED = """
jsonb_build_object('acknowledgements', true, 'replies', true, 'status_changes', true,
                   'endpoint_notices', kind = 'reseller_staff')
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table, rights in GRANTS.items():
        narrower = NARROWER.get(table, "")
        op.execute(f"grant {rights} on {table} to trunkline_tenant")
        op.execute(f"grant select, insert, update, delete on {table} to trunkline_operator")
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy tenant on {table} to trunkline_tenant using (reseller_id = {TENANT} {narrower})"
            f" with check (reseller_id = {TENANT})"
        )
        op.execute(f"create policy operator on {table} to trunkline_operator using (true) with check (true)")
    op.execute("""
alter table contacts add column notifications jsonb, add column mail_suspended_at timestamptz,
  add column mail_bounced_at timestamptz, add column version integer not null default 1
""")
    op.execute(f"update contacts set notifications = {NOTIFIED}")
    op.execute("alter table contacts alter column notifications set not null, alter column version drop default")
    op.execute("create index ix_contacts_address on contacts (lower(email)) where email is not null")
    op.execute("alter table messages add column undelivered_to text[] not null default '{}'")
    op.execute("""
alter table tickets add column merged_into_id uuid,
  add constraint fk_tickets_reseller_id_merged_into_id foreign key (reseller_id, merged_into_id)
    references tickets (reseller_id, id) not valid
""")
    op.execute("alter table tickets validate constraint fk_tickets_reseller_id_merged_into_id")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("alter table tickets drop column merged_into_id")
    op.execute("alter table messages drop column undelivered_to")
    op.execute("drop index ix_contacts_address")
    op.execute("""
alter table contacts drop column notifications, drop column mail_suspended_at, drop column mail_bounced_at,
  drop column version
""")
    op.execute("drop table reseller_mail_domains, ticket_watchers, attachments, attachment_contents")
