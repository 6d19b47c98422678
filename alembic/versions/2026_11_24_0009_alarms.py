"""Alarms, and the sources that sign them."""

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
GRANTS = {"alarms": "select, insert, update", "alarm_sources": "select, insert, delete"}
# The counter of a live alarm moves often: pages with room let a row's next version stay beside it.
TABLES = """
create table alarms (
  reseller_id uuid not null, id uuid not null, source varchar not null, dedup_key varchar not null,
  state varchar not null, severity varchar not null, summary varchar not null, details jsonb not null,
  occurred_at timestamptz, count integer not null, first_at timestamptz not null, last_at timestamptz not null,
  acknowledged_at timestamptz, resolved_at timestamptz, ticket_id uuid not null, ticket_number varchar not null,
  constraint pk_alarms primary key (reseller_id, id),
  constraint uq_alarms_id unique (id),
  constraint ck_alarms_state check (state in ('triggered', 'acknowledged', 'resolved')),
  constraint ck_alarms_severity check (severity in ('critical', 'error', 'warning', 'info')),
  constraint fk_alarms_reseller_id_ticket_id foreign key (reseller_id, ticket_id) references tickets (reseller_id, id)
) with (fillfactor = 70);
create unique index uq_alarms_live on alarms (reseller_id, source, dedup_key) where state <> 'resolved';
create index ix_alarms_key on alarms (reseller_id, source, dedup_key, id);
create index ix_alarms_ticket on alarms (ticket_id, id);
create index ix_alarms_list on alarms (reseller_id, state, id);
create index ix_alarms_all on alarms (state, id);
create table alarm_sources (
  reseller_id uuid not null, id uuid not null, name varchar not null, secret bytea not null,
  created_at timestamptz not null,
  constraint pk_alarm_sources primary key (reseller_id, id),
  constraint uq_alarm_sources_id unique (id),
  constraint fk_alarm_sources_reseller_id foreign key (reseller_id) references resellers (id)
)
"""
# Before a signature is checked there is no tenant. What it returns of a secret is sealed.
SOURCE = """
create function alarm_source(wanted uuid)
returns table (reseller_id uuid, name varchar, secret bytea, test_clock_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.reseller_id, s.name, s.secret, r.test_clock_id
    from alarm_sources s join resellers r on r.id = s.reseller_id where s.id = wanted
$$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    for table, rights in GRANTS.items():
        op.execute(f"grant {rights} on {table} to trunkline_tenant")
        op.execute(f"grant select, insert, update, delete on {table} to trunkline_operator")
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy tenant on {table} to trunkline_tenant using (reseller_id = {TENANT})"
            f" with check (reseller_id = {TENANT})"
        )
        op.execute(f"create policy operator on {table} to trunkline_operator using (true) with check (true)")
    op.execute(SOURCE)
    op.execute("revoke all on function alarm_source from public")
    op.execute("grant execute on function alarm_source to trunkline_tenant, trunkline_operator")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function alarm_source")
    op.execute("drop table alarms, alarm_sources")
