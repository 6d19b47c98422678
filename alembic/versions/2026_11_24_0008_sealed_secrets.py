"""Secrets of webhooks in a table of their own, sealed; header fields of an endpoint's own; published keys.

What was kept readable is sealed here, with the first of TRUNKLINE_SECRET_KEYS, and in no other place: so there is no
moment at which a process takes a readable secret for a sealed one. A database without endpoints needs no key for it.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from alembic import context, op
from app.infra.ids import new_id
from app.infra.keyring import Keyring
from app.infra.migrations import DatabaseUnready

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
TABLE = """
create table webhook_secrets (
  reseller_id uuid not null,
  id uuid not null,
  endpoint_id uuid not null,
  scheme varchar not null,
  sealed bytea not null,
  key_id varchar not null,
  public_key varchar,
  created_at timestamptz not null,
  expires_at timestamptz,
  constraint pk_webhook_secrets primary key (reseller_id, id),
  constraint fk_webhook_secrets_reseller_id_endpoint_id foreign key (reseller_id, endpoint_id)
    references webhook_endpoints (reseller_id, id) on delete cascade,
  constraint ck_webhook_secrets_scheme
    check (scheme in ('v1', 'v1a') and (public_key is not null) = (scheme = 'v1a'))
);
create unique index uq_webhook_secrets_newest on webhook_secrets (endpoint_id, scheme) where expires_at is null;
create index ix_webhook_secrets_endpoint on webhook_secrets (endpoint_id);
create index ix_webhook_secrets_key on webhook_secrets (key_id, id);
grant select, insert, update, delete on webhook_secrets to trunkline_tenant, trunkline_operator;
alter table webhook_secrets enable row level security;
alter table webhook_endpoints add column signature varchar not null default 'v1',
  add column headers jsonb not null default '{}',
  add constraint ck_webhook_endpoints_signature check (signature in ('v1', 'v1a', 'both'));
alter table webhook_endpoints alter column signature drop default, alter column headers drop default
"""
# For whoever asks, without a key: a public key is public. An endpoint without one is a row of nulls.
PUBLISHED = """
create function published_webhook_keys(endpoint uuid, wall timestamptz)
returns table (public_key varchar, created_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.public_key, s.created_at, s.expires_at
    from webhook_endpoints e
    left join webhook_secrets s
      on s.reseller_id = e.reseller_id and s.endpoint_id = e.id and s.scheme = 'v1a'
     and (s.expires_at is null or s.expires_at > wall)
   where e.id = endpoint
   order by s.expires_at is not null, s.created_at desc, s.id desc
$$
"""
FRESH = """
update webhook_endpoints
   set secrets = array['whsec_' || encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64')]
 where secrets = '{}'
"""
INSERT = """
insert into webhook_secrets (reseller_id, id, endpoint_id, scheme, sealed, key_id, created_at)
values (:reseller_id, :id, :endpoint_id, 'v1', :sealed, :key_id, :created_at)
"""


def _binding(endpoint_id: UUID, secret_id: UUID) -> bytes:
    return b"webhook_secrets:" + endpoint_id.bytes + secret_id.bytes + b"v1"


def _ring() -> Keyring:
    ring: Keyring | None = context.config.attributes.get("keyring")
    if ring is None:
        raise DatabaseUnready(
            "there are secrets of webhooks to seal: set TRUNKLINE_SECRET_KEYS and run 'trunkline migrate' again"
        )
    return ring


def _seal() -> None:
    # The first of an endpoint's secrets was the one that was shown and used.
    query = "select reseller_id, id as endpoint_id, created_at, secrets[1] as plain from webhook_endpoints"
    for row in op.get_bind().execute(sa.text(query)).all():
        ring, secret_id = _ring(), new_id()
        sealed = ring.seal(row.plain.encode(), _binding(row.endpoint_id, secret_id))
        values = {name: getattr(row, name) for name in ("reseller_id", "endpoint_id", "created_at")}
        op.get_bind().execute(sa.text(INSERT), values | {"id": secret_id, "sealed": sealed, "key_id": ring.current})


def _unseal() -> None:
    query = "select id, endpoint_id, sealed from webhook_secrets where scheme = 'v1' and expires_at is null"
    for row in op.get_bind().execute(sa.text(query)).all():
        plain = _ring().open(row.sealed, _binding(row.endpoint_id, row.id)).decode()
        statement = sa.text("update webhook_endpoints set secrets = array[:plain] where id = :id")
        op.get_bind().execute(statement, {"plain": plain, "id": row.endpoint_id})


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    op.execute(
        f"create policy tenant on webhook_secrets to trunkline_tenant using (reseller_id = {TENANT})"
        f" with check (reseller_id = {TENANT})"
    )
    op.execute("create policy operator on webhook_secrets to trunkline_operator using (true) with check (true)")
    op.execute(PUBLISHED)
    op.execute("revoke all on function published_webhook_keys from public")
    op.execute("grant execute on function published_webhook_keys to trunkline_tenant, trunkline_operator")
    _seal()
    op.execute("update webhook_endpoints set secrets = '{}'")  # a column that is dropped keeps its bytes in the rows
    op.execute("alter table webhook_endpoints drop column secrets")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("alter table webhook_endpoints add column secrets text[] not null default '{}'")
    op.execute("alter table webhook_endpoints alter column secrets drop default")
    _unseal()
    # An endpoint that has signed with a private key alone has no shared secret to go back to: it gets one.
    op.execute(FRESH)
    op.execute("drop function published_webhook_keys")
    op.execute("drop table webhook_secrets")
    op.execute("alter table webhook_endpoints drop column headers, drop column signature")
