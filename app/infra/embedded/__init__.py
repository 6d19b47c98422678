"""A real PostgreSQL for a machine that has none: the programs of a wheel, run as a child of this process.

It serves ``make run``, the demo and the tests; production names a server of its own in ``DATABASE_URL``.
Nothing but the wheel's programs is used. What the launcher holds to:

- PostgreSQL is a direct child in a session of its own, so that Ctrl-C reaches the API and not the database,
  and it dies with its parent (on Linux; elsewhere ``stop`` has to be reached).
- One owner at a time, by a lock that PostgreSQL's own processes inherit: it is free when all of them are gone.
- Everything lies below ``postgres/`` in the data folder. No directory outside it changes owner or mode.
- As root it runs as the owner of the data it finds, or else as ``nobody``.
"""

from app.infra.embedded.bound import Confinement, bound_to_parent
from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.server import EmbeddedPostgres

__all__ = ["Confinement", "EmbeddedPostgres", "EmbeddedPostgresError", "bound_to_parent"]
