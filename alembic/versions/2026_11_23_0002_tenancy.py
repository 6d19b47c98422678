"""Roles, row-level security, and the functions that must see past it.

Text columns with CHECK and no native enums: an enum's operators are not leakproof, so the planner would not use
an index on one under a policy.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What a tenant may do with its own rows. Columns in parentheses narrow a grant.
TENANT_GRANTS = {
    "resellers": "select, update (version)",  # a row lock takes the right to update
    "contacts": "select, insert, update",
    "idempotent_answers": "select, insert, update",
    "events": "select, insert",
    "plan_periods": "select",
    "add_on_purchases": "select, insert, update",
    "tickets": "select, insert, update",
    "messages": "select, insert",
    "ticket_history": "select, insert",
    "sla_clocks": "select, insert, update",
    "sla_clock_changes": "select, insert",
    "recalculations": "select, insert",
    "escalations": "select, insert, update",
    "webhook_endpoints": "select, insert, update, delete",
    "webhook_deliveries": "select, insert, update",
    "webhook_attempts": "select",
}
CATALOGUE = ("support_levels", "plans", "add_on_products", "calendars", "sla_policies")
TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
# Internal notes and what was written of them are the operator's alone.
NARROWER = {
    "messages": "and visibility = 'public'",
    "ticket_history": "and not operator_only",
    "events": "and not operator_only",
}

FUNCTIONS = """
create function sign_in(wanted bytea, wall timestamptz)
returns table (key_id uuid, name varchar, reseller_id uuid, role varchar, scopes text[], staff_id uuid,
               test_clock_id uuid, last_used_at timestamptz)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  return query
    select k.id, k.name, k.reseller_id, k.role, k.scopes, k.staff_id, r.test_clock_id, k.last_used_at
      from api_keys k join resellers r on r.id = k.reseller_id
     where k.secret_hash = wanted and k.revoked_at is null and (k.expires_at is null or k.expires_at > wall);
  perform set_config('app.tenant', (select k.reseller_id::text from api_keys k where k.secret_hash = wanted), true);
end $$;

create function test_clock_now(wanted uuid) returns timestamptz
language sql volatile security definer set search_path = public, pg_temp as $$
  select now_at from test_clocks where id = wanted for share
$$;

create function person_to_call(reseller uuid, wanted text)
returns table (id uuid, name varchar)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.id, s.name
    from staff s
    left join resellers own on own.id = reseller
    left join resellers operator on operator.is_operator
   where s.id = case wanted
                  when 'account_manager' then coalesce(own.account_manager_id, operator.account_manager_id)
                  when 'technical_director' then coalesce(own.technical_director_id, operator.technical_director_id)
                end
      or s.roles @> array[wanted]
   order by s.id is distinct from case wanted
                  when 'account_manager' then coalesce(own.account_manager_id, operator.account_manager_id)
                  when 'technical_director' then coalesce(own.technical_director_id, operator.technical_director_id)
                end, s.id
   limit 1
$$;

create function staff_name(wanted uuid) returns varchar
language sql stable security definer set search_path = public, pg_temp as $$
  select name from staff where id = wanted
$$;

revoke all on function sign_in, test_clock_now, person_to_call, staff_name from public;
grant execute on function sign_in, test_clock_now, person_to_call, staff_name to trunkline_tenant, trunkline_operator;
"""


def upgrade() -> None:
    for role in ("trunkline_tenant", "trunkline_operator"):
        op.execute(f"""
        do $$ begin
          if not exists (select from pg_roles where rolname = '{role}') then create role {role} nologin; end if;
          grant {role} to current_user;
        exception when insufficient_privilege then  -- another desk's user made it: being a member will do
          if not pg_has_role('{role}', 'usage') then raise; end if;
        end $$""")
        op.execute(f"grant usage on schema public to {role}")
    op.execute("insert into publisher (one, last_position) values (true, 0)")
    op.execute("grant select, insert, update, delete on all tables in schema public to trunkline_operator")
    op.execute("grant usage, select on all sequences in schema public to trunkline_operator")
    op.execute("grant usage on sequence ticket_numbers to trunkline_tenant")
    op.execute(f"grant select on {', '.join(CATALOGUE)} to trunkline_tenant")
    for table, rights in TENANT_GRANTS.items():
        _tenant_table(table, rights)
    for statement in FUNCTIONS.split(";\n\n"):
        for part in statement.split(";\ngrant"):
            op.execute(part if part.lstrip().startswith(("create", "revoke")) else "grant" + part)


def _tenant_table(table: str, rights: str) -> None:
    own = "id" if table == "resellers" else "reseller_id"
    op.execute(f"grant {rights} on {table} to trunkline_tenant")
    op.execute(f"alter table {table} enable row level security")
    op.execute(
        f"create policy tenant on {table} to trunkline_tenant using ({own} = {TENANT} {NARROWER.get(table, '')})"
        f" with check ({own} = {TENANT})"
    )
    op.execute(f"create policy operator on {table} to trunkline_operator using (true) with check (true)")


def downgrade() -> None:
    op.execute("drop function sign_in, test_clock_now, person_to_call, staff_name")
    for table in TENANT_GRANTS:
        op.execute(f"drop policy tenant on {table}")
        op.execute(f"drop policy operator on {table}")
        op.execute(f"alter table {table} disable row level security")
    op.execute("delete from publisher")
    for role in ("trunkline_tenant", "trunkline_operator"):
        op.execute(f"revoke all on all tables in schema public from {role}")
        op.execute(f"revoke all on all sequences in schema public from {role}")
        op.execute(f"revoke usage on schema public from {role}")
