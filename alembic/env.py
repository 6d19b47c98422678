"""Runs migrations over the connection that the program hands in (``app.infra.migrations``)."""

from alembic import context
from app.infra.migrations import include_object
from app.registry import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_schemas=False,
    include_object=include_object,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
