"""PostgreSQL's ``postmaster.pid``: believed when it says "ready", doubted when it names a process."""

from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.processes import exists, works_in

_PORT_LINE, _STATUS_LINE = 3, 7


def is_ready(data: Path, pid: int, port: int) -> bool:
    """Tell whether our own PostgreSQL, not an earlier one, takes connections; not so while it recovers."""
    lines = _lines(data)
    return (
        len(lines) > _STATUS_LINE
        and lines[0] == str(pid)
        and lines[_PORT_LINE] == str(port)
        and lines[_STATUS_LINE] == "ready"
    )


def clear_stale(data: Path) -> None:
    """Remove a pidfile that names an innocent process; to be called by the holder of the lock.

    PostgreSQL refuses to start when the number in it is taken by any process of the same user: after a restart
    of the machine or of a container that is likely. A number that is free is left to PostgreSQL, which then
    looks at its shared memory besides.

    Raises:
        EmbeddedPostgresError: a PostgreSQL that is not ours works on the data.
    """
    lines = _lines(data)
    # A single-user PostgreSQL writes its number negated.
    number = lines[0].lstrip("-") if lines else ""
    if not number.isdigit():
        (data / "postmaster.pid").unlink(missing_ok=True)
        return
    if works_in(int(number), data):
        raise EmbeddedPostgresError(
            f"A PostgreSQL that Trunkline did not start (process {number}) is running on {data}. Stop it first."
        )
    if exists(int(number)):
        (data / "postmaster.pid").unlink()


def _lines(data: Path) -> list[str]:
    """Return the lines, none when there is no file."""
    try:
        text = (data / "postmaster.pid").read_text(errors="replace")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]
