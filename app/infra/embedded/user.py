"""As whom PostgreSQL runs, and which folders that user may not enter."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError


@dataclass(frozen=True)
class User:
    """An account to drop to."""

    uid: int
    gid: int
    name: str


def user_for(*places: Path) -> User | None:
    """Return the account that PostgreSQL, which refuses to be root, runs as; None where we are not root either.

    It is the owner of the first of the places that somebody else owns, or else ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    for place in places:
        # What is found may be an ordinary user's, who once started Trunkline here without sudo.
        if place.exists() and (owner := place.stat()).st_uid != 0:
            return User(owner.st_uid, owner.st_gid, _name_of(owner.st_uid))
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and this machine has no user 'nobody' to run it as. "
            "Run Trunkline as another user, or set DATABASE_URL."
        ) from None
    return User(nobody.pw_uid, nobody.pw_gid, nobody.pw_name)


def first_closed(path: Path, user: User | None) -> Path | None:
    """Return the uppermost folder on the way to ``path``, itself included, that the user may not enter.

    Modes alone are looked at. Where an access list grants more, the way is taken for closed, which does no harm.
    """
    if user is None:
        return None
    way = [*reversed(path.parents), path]
    return next((folder for folder in way if not _may_pass(folder, user)), None)


def _may_pass(path: Path, user: User) -> bool:
    """Tell whether the user has the right to enter a folder or to run a file."""
    found = path.stat()
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
