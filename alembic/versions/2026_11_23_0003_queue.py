"""The job library's own schema, by its own script."""

from collections.abc import Sequence

from alembic import op
from app.infra.queue import install_script, uninstall_script

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _run(script: str) -> None:
    # asyncpg takes one command in a prepared statement; the script holds many.
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))


def upgrade() -> None:
    _run(install_script())
    op.execute("grant usage on schema queue to trunkline_tenant, trunkline_operator")
    op.execute("grant select, insert, update, delete on all tables in schema queue to trunkline_operator")
    op.execute("grant usage, select on all sequences in schema queue to trunkline_operator")
    # A reseller may have one of its own deliveries sent again: that is one job.
    op.execute("grant select, insert on queue.pgqueuer to trunkline_tenant")
    op.execute("grant insert on queue.pgqueuer_log to trunkline_tenant")
    op.execute("grant usage, select on all sequences in schema queue to trunkline_tenant")


def downgrade() -> None:
    _run(uninstall_script())
    op.execute("drop schema queue")
