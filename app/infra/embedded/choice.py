"""Which programs serve which data, and from where the user they run as may reach both."""

from pathlib import Path

from app.infra.embedded.bound import Confinement
from app.infra.embedded.errors import REMEDIES, EmbeddedPostgresError
from app.infra.embedded.home import Home
from app.infra.embedded.programs import Programs, major_of
from app.infra.embedded.user import User, first_closed
from app.infra.embedded.wheel import copy_wheel, named_bin, wheel_bins


def choose(home: Home, bin_dir: Path | None, user: User | None, lock: int) -> Programs:
    """Return programs that fit the data and run.

    Raises:
        EmbeddedPostgresError: there are none; the message says what can be done.
    """
    chosen = _fitting(home, [named_bin(bin_dir)] if bin_dir else wheel_bins())
    closed = first_closed(chosen / "postgres", user)
    if closed and user:
        if bin_dir:
            raise EmbeddedPostgresError(
                f"PostgreSQL does not run as root, and '{user.name}', as whom it would run, may not enter {closed}, "
                f"which holds the programs that TRUNKLINE_POSTGRES_BIN names. {REMEDIES}"
            )
        chosen = copy_wheel(chosen, home.programs)
    programs = Programs(chosen, confine(home, user), lock)
    _try_out(programs, user)
    return programs


def confine(home: Home, user: User | None) -> Confinement:
    """Return how PostgreSQL is run, so that it reaches its data and is not root."""
    if user is None:
        return Confinement()
    closed = first_closed(home.root, user)
    return Confinement((user.uid, user.gid), closed, home.root if closed else None)


def _fitting(home: Home, bins: list[Path]) -> Path:
    """Return the newest programs for new data; for found data, those of the version that wrote them."""
    majors = {major_of(folder): folder for folder in bins}
    try:
        written = (home.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return majors[max(majors)]
    if not written.isdigit() or int(written) not in majors:
        here = " and ".join(map(str, sorted(majors)))
        raise EmbeddedPostgresError(
            f"The data in {home.data} were written by PostgreSQL {written}, and the programs here are PostgreSQL "
            f"{here}, which cannot read them. Set TRUNKLINE_POSTGRES_BIN to the bin folder of a PostgreSQL {written} "
            "(and dump with its pg_dump, to load the dump into a new one); or move that folder away, to begin anew."
        )
    return majors[int(written)]


def _try_out(programs: Programs, user: User | None) -> None:
    """Run a program as it will be run, so that what stands in the way is told before anything is made."""
    said = programs.run("postgres", ["-V"])
    if said.returncode == 0:
        return
    closed = programs.confinement.closed
    if closed and user:
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and '{user.name}', as whom it would run, may not enter {closed}, which "
            f"holds its data; nor may a way past it be opened here ({said.stderr.strip()}). {REMEDIES}"
        )
    raise EmbeddedPostgresError(f"PostgreSQL's programs do not run: {said.stderr.strip()}")
