"""Promises that change: maintenance windows, minutes and work logs, policies of a test clock, larger recalculations."""

from collections.abc import Sequence

from alembic import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"

TABLES = """
create table usage_months (
  reseller_id uuid not null,
  purchase_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  used_minutes integer not null,
  warned_at timestamptz,
  exhausted_at timestamptz,
  constraint pk_usage_months primary key (reseller_id, purchase_id, starts_at),
  constraint fk_usage_months_reseller_id_purchase_id foreign key (reseller_id, purchase_id)
    references add_on_purchases (reseller_id, id)
);
create table maintenance_windows (
  id uuid not null,
  reason varchar not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  everyone boolean not null,
  declared_at timestamptz not null,
  declared_by varchar not null,
  ended_at timestamptz,
  test_clock_id uuid,
  version integer not null,
  constraint pk_maintenance_windows primary key (id),
  constraint ck_maintenance_windows_order check (ends_at > starts_at and starts_at >= declared_at)
);
create index ix_maintenance_windows_ends on maintenance_windows (ends_at);
create table maintenance_window_resellers (
  reseller_id uuid not null,
  window_id uuid not null,
  constraint pk_maintenance_window_resellers primary key (reseller_id, window_id),
  constraint fk_maintenance_window_resellers_reseller_id foreign key (reseller_id) references resellers (id),
  constraint fk_maintenance_window_resellers_window_id foreign key (window_id) references maintenance_windows (id)
);
create table recalculation_digests (
  reseller_id uuid not null,
  recalculation_id uuid not null,
  changed integer not null,
  breached integer not null,
  examples jsonb not null,
  constraint pk_recalculation_digests primary key (reseller_id, recalculation_id),
  constraint fk_recalculation_digests_reseller_id foreign key (reseller_id) references resellers (id),
  constraint fk_recalculation_digests_recalculation_id foreign key (recalculation_id) references recalculations (id)
);
create table work_logs (
  reseller_id uuid not null,
  id uuid not null,
  ticket_id uuid not null,
  minutes integer not null,
  note varchar not null,
  author jsonb not null,
  at timestamptz not null,
  purchase_id uuid,
  month_starts_at timestamptz,
  constraint pk_work_logs primary key (reseller_id, id),
  constraint fk_work_logs_reseller_id_ticket_id foreign key (reseller_id, ticket_id)
    references tickets (reseller_id, id),
  constraint ck_work_logs_minutes check (minutes <> 0)
);
create index ix_work_logs_ticket on work_logs (reseller_id, ticket_id, id);
create index ix_work_logs_month on work_logs (reseller_id, purchase_id, month_starts_at, id)
"""
COLUMNS = """
alter table add_on_products
  add column included_minutes integer, add column warn_share integer not null default 8000,
  add column overrun_minutes integer, add column version integer not null default 1,
  add constraint ck_add_on_products_amounts
    check (price_minor >= 0 and included_minutes >= 0 and overrun_minutes >= 0),
  add constraint ck_add_on_products_warn_share check (warn_share between 1 and 10000);
alter table add_on_products alter column warn_share drop default, alter column version drop default;
alter table add_on_purchases
  add column included_minutes integer, add column warn_share integer not null default 8000,
  add column overrun_minutes integer, add column time_zone varchar not null default '';
update add_on_purchases a set time_zone = r.time_zone from resellers r where r.id = a.reseller_id;
alter table add_on_purchases alter column warn_share drop default, alter column time_zone drop default;
alter table calendars add constraint uq_calendars_code_version unique (code, version);
alter table sla_policies
  add column note varchar, add column test_clock_id uuid,
  add constraint fk_sla_policies_test_clock_id foreign key (test_clock_id) references test_clocks (id);
alter table sla_clocks
  add column plan varchar not null default '', add column level integer not null default 0,
  add column priority varchar not null default '', add column windows timestamptz[] not null default '{}',
  add column voided_at timestamptz, add column voided_by varchar, add column void_reason varchar;
update sla_clocks c set level = t.sla_level, priority = t.priority, plan = coalesce(
    (select p.plan from plan_periods p where p.reseller_id = t.reseller_id and p.starts_at <= t.settled_at
      order by p.starts_at desc limit 1), '')
  from tickets t where t.reseller_id = c.reseller_id and t.id = c.ticket_id;
alter table sla_clocks
  alter column plan drop default, alter column level drop default, alter column priority drop default,
  alter column windows drop default;
create index ix_sla_clocks_decided on sla_clocks (coalesce(breached_at, met_at), reseller_id)
  where coalesce(breached_at, met_at) is not null;
create index ix_sla_clocks_overdue on sla_clocks (breached_at) where breached_at is not null and met_at is null;
alter table webhook_deliveries add column asked integer not null default 0;
alter table webhook_deliveries alter column asked drop default;
create index ix_webhook_deliveries_pending on webhook_deliveries (next_attempt_at) where state = 'pending';
alter table escalations add column acknowledgement_note varchar;
alter table sla_clock_changes
  add column paused boolean not null default false, add column state varchar not null default 'running',
  add column priority varchar, add column windows timestamptz[] not null default '{}';
update sla_clock_changes l set
    state = case when not beside.missed then beside.state when beside.state = 'met' then 'met_late' else 'breached' end,
    paused = beside.state = 'paused',
    counted = l.counted + case l.kind when 'breached' then l.remaining else 0 end,
    remaining = case l.kind when 'breached' then 0 else l.remaining end
  from (select l.reseller_id, l.id, l.missed, case
      when l.kind = 'cancelled' or (l.kind in ('priority_changed', 'terms_changed', 'reopened') and l.due_at is null
        and (not l.was_paused or (l.is_last and c.cancelled_at is not null))) then 'cancelled'
      when l.kind in ('answered', 'resolved') or (l.kind = 'started' and l.is_last and c.met_at = l.at) then 'met'
      when l.due_at is null then 'paused' else 'running' end as state
    from (select reseller_id, id, clock_id, at, kind, due_at, bool_or(kind = 'breached') over w as missed,
                 lag(due_at) over w is null as was_paused, lead(id) over w is null as is_last
            from sla_clock_changes window w as (partition by clock_id order by at, id)) l
    join sla_clocks c on c.id = l.clock_id) beside
 where beside.reseller_id = l.reseller_id and beside.id = l.id;
alter table sla_clock_changes alter column paused drop default, alter column state drop default,
  alter column windows drop default;
alter table ticket_history alter column before drop not null, alter column after drop not null;
alter table recalculations
  add column cause_id uuid, add column breached integer not null default 0, add column everyone boolean not null default false,
  add column notify varchar not null default 'each', add column cursor_reseller_id uuid,
  add column aside uuid[] not null default '{}', add column progressed_at timestamptz,
  add constraint ck_recalculations_notify check (notify in ('each', 'digest'));
alter table recalculations alter column breached drop default, alter column everyone drop default,
  alter column notify drop default, alter column aside drop default;
update idempotent_answers set body = null
"""
# What GET /me shows of a key comes with the signing in: a second connection per request would drain the pool.
SIGN_IN = """
create function sign_in(wanted bytea, wall timestamptz)
returns table (key_id uuid, name varchar, reseller_id uuid, role varchar, scopes text[], staff_id uuid,
               test_clock_id uuid, last_used_at timestamptz{more})
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select k.id, k.name, k.reseller_id, k.role, k.scopes, k.staff_id, r.test_clock_id, k.last_used_at{columns}
      from api_keys k join resellers r on r.id = k.reseller_id
     where k.secret_hash = wanted and k.revoked_at is null and (k.expires_at is null or k.expires_at > wall);
  perform set_config('app.tenant', (select k.reseller_id::text from api_keys k where k.secret_hash = wanted), true);
end $$
"""
# The operator of full-text search is not leakproof: under a policy it is asked of every row of the tenant's, and no
# index helps. So the search runs past the policies, with the tenant as its argument, and returns ids alone. Each
# branch names its visibility as the partial index does. The tenant's function takes no tenant: it has its own.
SEARCH = """
create function tickets_matching(tenant uuid, words text, notes boolean)
returns table (ticket_id uuid, rank float8)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  wanted constant tsquery := websearch_to_tsquery('simple', words);
begin
  return query
    select found.id, sum(found.rank) from (
      select t.id, ts_rank(t.search, wanted)::float8 as rank from tickets t
       where (tenant is null or t.reseller_id = tenant) and t.search @@ wanted
      union all
      select m.ticket_id, max(ts_rank(m.search, wanted)) from messages m
       where (tenant is null or m.reseller_id = tenant) and m.visibility = 'public' and m.search @@ wanted
       group by m.ticket_id
      union all
      select m.ticket_id, max(ts_rank(m.search, wanted)) from messages m
       where notes and (tenant is null or m.reseller_id = tenant) and m.visibility = 'internal' and m.search @@ wanted
       group by m.ticket_id
    ) found group by found.id;
end $$
"""
OWN_SEARCH = """
create function own_tickets_matching(words text)
returns table (ticket_id uuid, rank float8)
language sql stable security definer set search_path = public, pg_temp as $$
  select found.* from (select nullif(current_setting('app.tenant', true), '')::uuid as tenant) me,
    lateral tickets_matching(me.tenant, words, false) found where me.tenant is not null
$$
"""
# Lists of one reseller's are led by it; these serve the operator's, which are of all. An id of a ticket, an endpoint
# or an event is one reseller's anyhow, so that an index led by it serves both.
INDEXES = """
create index ix_tickets_contact on tickets (reseller_id, contact_id, id) where contact_id is not null;
drop index ix_tickets_urgency;
create index ix_tickets_urgency on tickets
  (reseller_id, least(next_due_at, '9999-12-31 00:00:00+00'::timestamptz), id);
create index ix_tickets_all on tickets (created_at, id);
create index ix_tickets_all_updated on tickets (updated_at, id);
create index ix_tickets_all_urgency on tickets (least(next_due_at, '9999-12-31 00:00:00+00'::timestamptz), id);
drop index ix_escalations_ticket;
create index ix_escalations_ticket on escalations (ticket_id, id);
create index ix_escalations_all on escalations (state, id);
drop index ix_webhook_deliveries_endpoint;
create index ix_webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, id);
drop index ix_webhook_deliveries_event;
create index ix_webhook_deliveries_event on webhook_deliveries (event_id, id);
drop index ix_add_on_purchases_due;
create index ix_add_on_purchases_starting on add_on_purchases (starts_at)
  where state = 'scheduled' and test_clock_id is null;
create index ix_add_on_purchases_ending on add_on_purchases (ends_at)
  where state = 'active' and test_clock_id is null;
create index ix_add_on_purchases_test on add_on_purchases (test_clock_id, state)
  where test_clock_id is not null;
drop index ix_plan_periods_due;
create index ix_plan_periods_due on plan_periods (starts_at) where not announced and test_clock_id is null;
create index ix_plan_periods_due_test on plan_periods (test_clock_id, starts_at)
  where not announced and test_clock_id is not null
"""
INDEXES_UNDONE = """
update ticket_history set before = coalesce(before, 'null'), after = coalesce(after, 'null');
alter table ticket_history alter column before set not null, alter column after set not null;
drop index ix_tickets_contact, ix_tickets_urgency, ix_tickets_all, ix_tickets_all_updated, ix_tickets_all_urgency,
  ix_escalations_ticket,
  ix_escalations_all, ix_webhook_deliveries_endpoint, ix_webhook_deliveries_event, ix_add_on_purchases_starting,
  ix_add_on_purchases_ending, ix_add_on_purchases_test, ix_plan_periods_due, ix_plan_periods_due_test;
create index ix_tickets_urgency on tickets (reseller_id, next_due_at, id);
create index ix_escalations_ticket on escalations (reseller_id, ticket_id, id);
create index ix_webhook_deliveries_endpoint on webhook_deliveries (reseller_id, endpoint_id, id);
create index ix_webhook_deliveries_event on webhook_deliveries (reseller_id, event_id);
create index ix_add_on_purchases_due on add_on_purchases (state) where state in ('scheduled', 'active');
create index ix_plan_periods_due on plan_periods (starts_at) where not announced
"""
OWN = ("usage_months", "work_logs", "maintenance_window_resellers", "recalculation_digests")
# Beside test_clock_now, which locks: for transactions that only look.
SEEN = """
create function test_clock_seen(wanted uuid) returns timestamptz
language sql stable security definer set search_path = public, pg_temp as $$
  select now_at from test_clocks where id = wanted
$$
"""
# Before there were versions for a test clock alone, every version was everyone's: these may not become so.
OWN_VERSIONS_UNDONE = """
do $$ begin
  if exists (select from sla_policies p where p.test_clock_id is not null and (
      exists (select from tickets where sla_policy_id = p.id) or exists (select from sla_clocks where policy_id = p.id)
      or exists (select from sla_clock_changes where policy_id = p.id))) then
    raise exception 'tickets on test clocks ran under versions of the policy that were published for those clocks alone,'
      ' which this revision does not know: delete those tickets, or stay at 0005';
  end if;
end $$
"""
UNDONE = """
delete from sla_policies where test_clock_id is not null;
drop index ix_webhook_deliveries_pending;
alter table webhook_deliveries drop column asked;
drop function test_clock_seen;
alter table escalations drop column acknowledgement_note;
alter table recalculations drop column cause_id, drop column breached, drop column everyone, drop column notify,
  drop column cursor_reseller_id, drop column aside, drop column progressed_at;
alter table sla_clock_changes drop column paused, drop column windows, drop column state, drop column priority;
drop index ix_sla_clocks_decided, ix_sla_clocks_overdue;
alter table sla_clocks drop column plan, drop column level, drop column priority, drop column windows,
  drop column voided_at, drop column voided_by, drop column void_reason;
alter table sla_policies drop column note, drop column test_clock_id;
alter table calendars drop constraint uq_calendars_code_version;
alter table add_on_purchases drop column included_minutes, drop column warn_share, drop column overrun_minutes,
  drop column time_zone;
revoke update (brand) on resellers from trunkline_tenant;
alter table add_on_products drop column included_minutes, drop column warn_share, drop column overrun_minutes,
  drop column version;
drop table recalculation_digests, work_logs, maintenance_window_resellers, maintenance_windows, usage_months
"""


def _sign_in(more: str, columns: str) -> None:
    op.execute("drop function sign_in")
    op.execute(SIGN_IN.format(more=more, columns=columns))
    op.execute("revoke all on function sign_in from public")
    op.execute("grant execute on function sign_in to trunkline_tenant, trunkline_operator")


def _own_history(narrower: str) -> str:
    return (
        f"create policy tenant on ticket_history to trunkline_tenant using (reseller_id = {TENANT} {narrower})"
        f" with check (reseller_id = {TENANT})"
    )


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for statement in (TABLES + ";" + COLUMNS).split(";\n"):
        op.execute(statement)
    for table in OWN:
        op.execute(f"grant select on {table} to trunkline_tenant")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy tenant on {table} to trunkline_tenant using (reseller_id = {TENANT})")
    op.execute(SEEN)
    op.execute("revoke all on function test_clock_seen from public")
    op.execute("grant execute on function test_clock_seen to trunkline_tenant, trunkline_operator")
    op.execute("grant update (brand) on resellers to trunkline_tenant")  # a reseller's brand is its own to say
    op.execute("grant select on maintenance_windows to trunkline_tenant")
    op.execute("alter table maintenance_windows enable row level security")
    op.execute(
        "create policy tenant on maintenance_windows to trunkline_tenant using (everyone or exists"
        " (select from maintenance_window_resellers named where named.window_id = id))"
    )
    for table in (*OWN, "maintenance_windows"):
        op.execute(f"grant select, insert, update, delete on {table} to trunkline_operator")
        op.execute(f"create policy operator on {table} to trunkline_operator using (true) with check (true)")
    _sign_in(", hint varchar, expires_at timestamptz, created_at timestamptz", ", k.hint, k.expires_at, k.created_at")
    op.execute("grant select on test_clocks to trunkline_tenant")
    op.execute("alter table test_clocks enable row level security")
    op.execute(
        "create policy tenant on test_clocks to trunkline_tenant using (id ="
        f" (select test_clock_id from resellers where resellers.id = {TENANT}))"
    )
    op.execute("create policy operator on test_clocks to trunkline_operator using (true) with check (true)")

    # No entry was ever the operator's alone: what is written of internal notes is no history of the ticket's.
    op.execute("drop policy tenant on ticket_history")
    op.execute("alter table ticket_history drop column operator_only")
    op.execute(_own_history(""))
    op.execute(SEARCH)
    op.execute(OWN_SEARCH)
    op.execute("revoke all on function tickets_matching, own_tickets_matching from public")
    op.execute("grant execute on function tickets_matching to trunkline_operator")
    op.execute("grant execute on function own_tickets_matching to trunkline_tenant")
    for statement in INDEXES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(OWN_VERSIONS_UNDONE)
    for statement in INDEXES_UNDONE.split(";\n"):
        op.execute(statement)
    op.execute("drop function own_tickets_matching")
    op.execute("drop function tickets_matching")
    op.execute("drop policy tenant on ticket_history")
    op.execute("alter table ticket_history add column operator_only boolean not null default false")
    op.execute("alter table ticket_history alter column operator_only drop default")
    op.execute(_own_history("and not operator_only"))
    op.execute("drop policy operator on test_clocks")
    op.execute("drop policy tenant on test_clocks")
    op.execute("alter table test_clocks disable row level security")
    op.execute("revoke select on test_clocks from trunkline_tenant")
    _sign_in("", "")
    for statement in UNDONE.split(";\n"):
        op.execute(statement)
