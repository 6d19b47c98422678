"""A counter of events for each reseller: the publisher gives an event its sequence with its position."""

from collections.abc import Sequence

from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    # Events that have a position were sent as they are, and stay without a sequence.
    op.execute("""
create table event_counters (
  reseller_id uuid not null,
  last_sequence bigint not null,
  constraint pk_event_counters primary key (reseller_id),
  constraint fk_event_counters_reseller_id foreign key (reseller_id) references resellers (id)
)""")
    op.execute("grant select, insert, update, delete on event_counters to trunkline_operator")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop table event_counters")
