"""Clocks say when their exchange was over, walks count what failed, and windows find whom they name by an index."""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("alter table sla_clocks add column ended_at timestamptz")
    op.execute("alter table recalculations add column failed integer not null default 0")
    op.execute("alter table recalculations alter column failed drop default, drop column created_at")
    op.execute("create index ix_maintenance_window_resellers_window on maintenance_window_resellers (window_id)")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop index ix_maintenance_window_resellers_window")
    op.execute("alter table recalculations drop column failed, add column created_at timestamptz")
    op.execute("update recalculations set created_at = at")
    op.execute("alter table recalculations alter column created_at set not null")
    op.execute("alter table sla_clocks drop column ended_at")
