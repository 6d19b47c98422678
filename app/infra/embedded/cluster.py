"""Making a cluster: a folder that PostgreSQL can serve, with our role and our database in it."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.home import Home
from app.infra.embedded.programs import Programs
from app.infra.embedded.user import User

NAME = "trunkline"
"""The role and the database."""


def ensure_cluster(home: Home, programs: Programs, user: User | None, *, fast: bool) -> str:
    """Return the role's password, after making the cluster or the password where they are missing."""
    if not home.data.exists():
        return _create(home, programs, user, fast=fast)
    return home.read_password() or _renew_password(home, programs)


def _create(home: Home, programs: Programs, user: User | None, *, fast: bool) -> str:
    """Make the cluster aside and put it in place when it is whole."""
    data = home.fresh_data(user)
    said = programs.run("initdb", _initdb_arguments(data, "C.UTF-8", fast=fast))
    if said.returncode != 0:
        # Not every system has that locale. The order of texts is the same in this one, only letter case is poorer.
        data = home.fresh_data(user)
        said = programs.run("initdb", _initdb_arguments(data, "C", fast=fast))
    if said.returncode != 0:
        raise EmbeddedPostgresError(f"PostgreSQL's initdb failed in {data}: {said.stderr.strip()[-2000:]}")
    password = secrets.token_urlsafe(24)
    _single(programs, data, [f"CREATE DATABASE {NAME}", _password_is(password)])
    home.keep_password(password)
    home.adopt()
    return password


def _initdb_arguments(data: Path, locale: str, *, fast: bool) -> list[str]:
    # Without a password the role cannot log in at all: nothing is open until it is set.
    access = ["--auth-host=scram-sha-256", "--auth-local=reject", f"--username={NAME}"]
    return ["-D", str(data), "-E", "UTF8", f"--locale={locale}", *access, *(["--no-sync"] if fast else [])]


def _renew_password(home: Home, programs: Programs) -> str:
    """Give the role a new password; ours to do without the old one, because the files are ours."""
    password = secrets.token_urlsafe(24)
    _single(programs, home.data, [_password_is(password)])
    home.keep_password(password)
    return password


def _password_is(password: str) -> str:
    return f"ALTER ROLE {NAME} PASSWORD '{password}'"


def _single(programs: Programs, data: Path, statements: Sequence[str]) -> None:
    """Execute statements in PostgreSQL's single-user mode, which needs neither a port nor a password."""
    arguments = ["--single", "-D", str(data), "-c", "exit_on_error=on", "postgres"]
    said = programs.run("postgres", arguments, "".join(statement + "\n" for statement in statements))
    if said.returncode != 0:
        raise EmbeddedPostgresError(f"PostgreSQL's single-user mode failed in {data}: {said.stderr.strip()[-2000:]}")
