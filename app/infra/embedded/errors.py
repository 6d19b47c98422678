"""What can be said to someone whose database does not start."""

REMEDIES = (
    "You can: run Trunkline as another user; set TRUNKLINE_DATA_DIR to a folder that every user may enter; "
    "or set DATABASE_URL to a PostgreSQL of your own."
)


class EmbeddedPostgresError(Exception):
    """PostgreSQL could not be started; the message says why, and what to do."""
