"""Clocks say when their exchange was over, policies which walk they set off, walks what failed; windows are indexed."""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


TENANT = "(select nullif(current_setting('app.tenant', true), '')::uuid)"
LIVE = f"everyone and exists (select from resellers own where own.id = {TENANT} and own.test_clock_id is null)"


def _everyone(covered: str) -> str:
    return f"{covered} or exists (select from maintenance_window_resellers named where named.window_id = id)"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("alter table sla_clocks add column ended_at timestamptz")
    op.execute("alter table sla_policies add column recalculation_id uuid")
    # A window for everyone is for all who live on the wall's time: it stops no clock of a sandbox.
    op.execute(f"alter policy tenant on maintenance_windows using ({_everyone(LIVE)})")
    op.execute("alter table recalculations add column failed integer not null default 0")
    op.execute("alter table recalculations alter column failed drop default, drop column created_at")
    op.execute("create index ix_maintenance_window_resellers_window on maintenance_window_resellers (window_id)")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(f"alter policy tenant on maintenance_windows using ({_everyone('everyone')})")
    op.execute("alter table sla_policies drop column recalculation_id")
    op.execute("drop index ix_maintenance_window_resellers_window")
    op.execute("alter table recalculations drop column failed, add column created_at timestamptz")
    op.execute("update recalculations set created_at = at")
    op.execute("alter table recalculations alter column created_at set not null")
    op.execute("alter table sla_clocks drop column ended_at")
