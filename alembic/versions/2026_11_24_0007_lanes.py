"""Endpoints are verified, rest and are disabled; their deliveries are served by lanes, and recovered in bulk."""

from collections.abc import Sequence

from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
_NEW_TABLES = {"webhook_lanes": "select, insert, update", "webhook_recoveries": "select, insert, update"}

_UPGRADE = """
alter table webhook_endpoints
  add column state varchar not null default 'active',
  add column verified boolean not null default true,
  add column disabled_reason varchar,
  add column max_concurrency integer not null default 8,
  add column max_per_second integer,
  add column ordered boolean not null default false,
  add column retry_profile varchar not null default 'standard',
  add constraint ck_webhook_endpoints_state check (state in ('unverified', 'active', 'disabled')),
  add constraint ck_webhook_endpoints_disabled check ((state = 'disabled') = (disabled_reason is not null)),
  add constraint ck_webhook_endpoints_disabled_reason check (disabled_reason in ('failing', 'gone', 'manual')),
  add constraint ck_webhook_endpoints_retry_profile check (retry_profile in ('standard', 'brief', 'patient'));
alter table webhook_endpoints alter column state drop default, alter column verified drop default,
  alter column max_concurrency drop default, alter column ordered drop default, alter column retry_profile drop default;

alter table webhook_deliveries
  add column position bigint,
  add column order_key uuid,
  add column asked_at timestamptz,
  add column counted_from integer not null default 0,
  drop column asked;
alter table webhook_deliveries alter column counted_from drop default;
update webhook_deliveries d set position = e.position from events e where e.id = d.event_id and d.state = 'pending';
drop index ix_webhook_deliveries_pending;
create index ix_webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at) where state = 'pending';
create index ix_webhook_deliveries_held on webhook_deliveries (endpoint_id, position) where state = 'held';
create index ix_webhook_deliveries_order on webhook_deliveries (endpoint_id, order_key, position)
 where order_key is not null and state in ('pending', 'held');

alter table webhook_attempts
  add column location varchar,
  add column truncated boolean not null default false,
  add column first_byte_ms integer,
  add column address varchar;
alter table webhook_attempts alter column truncated drop default;
grant update (answer, truncated, location) on webhook_attempts to trunkline_tenant;

create table webhook_lanes (
  reseller_id uuid not null,
  endpoint_id uuid not null,
  job bigint not null,
  busy boolean not null,
  wake_at timestamptz,
  starts integer not null,
  catches_up boolean not null,
  failures integer not null,
  failing_since timestamptz,
  notices integer not null,
  openings integer not null,
  paused_until timestamptz,
  slow_until timestamptz,
  exhausted_told_at timestamptz,
  constraint pk_webhook_lanes primary key (reseller_id, endpoint_id),
  constraint uq_webhook_lanes_endpoint_id unique (endpoint_id),
  constraint fk_webhook_lanes_endpoint_id foreign key (endpoint_id) references webhook_endpoints (id) on delete cascade
);
create index ix_webhook_lanes_wake_at on webhook_lanes (wake_at) where not busy and wake_at is not null;
insert into webhook_lanes
       (reseller_id, endpoint_id, job, busy, wake_at, starts, catches_up, failures, notices, openings)
select reseller_id, id, 0, false, now(), 0, false, 0, 0, 0 from webhook_endpoints;
delete from queue.pgqueuer where entrypoint = 'webhooks.deliver';

create table webhook_recoveries (
  reseller_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  state varchar not null,
  since timestamptz not null,
  until timestamptz not null,
  missing boolean not null,
  total integer not null,
  done integer not null,
  batches integer not null,
  reached bigint,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint pk_webhook_recoveries primary key (reseller_id, id),
  constraint uq_webhook_recoveries_id unique (id),
  constraint fk_webhook_recoveries_endpoint_id
    foreign key (endpoint_id) references webhook_endpoints (id) on delete cascade,
  constraint ck_webhook_recoveries_state check (state in ('running', 'finished', 'cancelled'))
);
create unique index ux_webhook_recoveries_running on webhook_recoveries (endpoint_id) where state = 'running';
create index ix_webhook_recoveries_endpoint on webhook_recoveries (endpoint_id, id);
"""

# The release before knows no state of an endpoint: it would send to those that somebody had disabled.
_ALL_ENABLED = """
do $$ begin
  if exists (select from webhook_endpoints where state = 'disabled') then
    raise exception 'there are disabled endpoints, and before this version every endpoint was sent to'
      using hint = 'Remove them or enable them first: GET /v1/webhook-endpoints shows their state.';
  end if;
end $$
"""
# Nothing would ever take a delivery that is held; one that has failed can be redelivered.
_DOWNGRADE = """
update webhook_deliveries set state = 'failed', next_attempt_at = null, finished_at = now() where state = 'held';
drop table webhook_recoveries;
drop table webhook_lanes;
delete from queue.pgqueuer where entrypoint in ('webhooks.lane', 'webhooks.recover');
revoke update (answer) on webhook_attempts from trunkline_tenant;
alter table webhook_attempts drop column location, drop column truncated, drop column first_byte_ms,
  drop column address;
drop index ix_webhook_deliveries_order;
drop index ix_webhook_deliveries_held;
drop index ix_webhook_deliveries_due;
alter table webhook_deliveries
  add column asked integer not null default 0,
  drop column asked_at,
  drop column counted_from,
  drop column order_key,
  drop column position;
alter table webhook_deliveries alter column asked drop default;
create index ix_webhook_deliveries_pending on webhook_deliveries (next_attempt_at) where state = 'pending';
alter table webhook_endpoints
  drop column state, drop column verified, drop column disabled_reason, drop column max_concurrency,
  drop column max_per_second, drop column ordered, drop column retry_profile;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _run(_UPGRADE)
    for table, rights in _NEW_TABLES.items():
        op.execute(f"grant {rights} on {table} to trunkline_tenant")
        op.execute(f"grant select, insert, update, delete on {table} to trunkline_operator")
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy tenant on {table} to trunkline_tenant"
            f" using (reseller_id = {_TENANT}) with check (reseller_id = {_TENANT})"
        )
        op.execute(f"create policy operator on {table} to trunkline_operator using (true) with check (true)")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("lock table webhook_endpoints in access exclusive mode")
    op.execute(_ALL_ENABLED)
    _run(_DOWNGRADE)


def _run(script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
