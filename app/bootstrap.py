"""Making a desk ready to be used: migrations, and a first key for its staff."""

import os
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from app.auth.models import ApiKey
from app.auth.principals import Role, Scope
from app.auth.secrets import hash_of, new_secret
from app.infra.db import Database
from app.infra.ids import new_id
from app.infra.keyring import Keyring
from app.infra.migrations import migrate
from app.infra.now import wall_now
from app.resellers.models import Reseller

KEY_FILE = "staff-key"


async def prepare(url: str, staff_secret: str | None, keyring: Keyring | None = None) -> None:
    """Bring the database to head, and let a secret be a key of the staff's.

    Raises:
        DatabaseUnready: there are secrets to seal and no keys, or the database user may not do what it takes.
    """
    await migrate(url, wall_now(), keyring)
    if staff_secret is not None:
        await ensure_staff_key(url, staff_secret, "bootstrap")


async def ensure_staff_key(url: str, secret: str, name: str) -> None:
    """Let a secret be a key of the staff's, if it is not one already."""
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as session:
            known = select(col(ApiKey.id)).where(col(ApiKey.secret_hash) == hash_of(secret))
            if await session.scalar(known) is not None:
                return
            operator = (await session.scalars(select(Reseller).where(col(Reseller.is_operator)))).one()
            session.add(
                ApiKey(
                    reseller_id=operator.id,
                    id=new_id(),
                    name=name,
                    role=Role.STAFF.value,
                    secret_hash=hash_of(secret),
                    hint=secret[-4:],
                    scopes=[Scope.STAFF.value],
                    created_at=wall_now(),
                )
            )
    finally:
        await database.close()


def kept_secret(data_dir: Path) -> str:
    """Return the staff's secret of a desk on this machine: made once, readable by its owner only."""
    path = data_dir / KEY_FILE
    if path.exists():
        return path.read_text().strip()
    data_dir.mkdir(parents=True, exist_ok=True)
    secret = new_secret(Role.STAFF)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    return secret
