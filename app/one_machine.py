"""The whole desk on one machine: PostgreSQL as a child, the API and a worker beside it, until Ctrl-C."""

import asyncio
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from app.bootstrap import KEY_FILE, kept_secret, prepare
from app.infra.embedded import EmbeddedPostgres
from app.infra.keyring import KEYS_FILE, Keyring, kept_keys, parse_keys
from app.infra.ports import settled_port
from app.infra.rewrapping import rewrap
from app.infra.settings import Settings, SettingsError
from app.registry import SEALED
from app.supervisor import run

URL_FILE = "database-url"
LOOPBACK = "127.0.0.0/8,::1/128"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands between us and ourselves


def run_desk(settings: Settings) -> int:
    """Run the desk and return the exit code.

    Raises:
        EmbeddedPostgresError: there is no database to be had; the message says what to do.
        SettingsError: the port is taken, and whoever answers there would be taken for our own API; or the keys that
            are kept on this machine cannot be used.
    """
    settings = settings.model_copy(update={"port": settled_port(settings.host, settings.port)})
    if settings.database_url is not None:
        return _serve(settings, settings.database_url, None)
    with EmbeddedPostgres(settings.data_dir, bin_dir=settings.postgres_bin) as postgres:
        _keep_url(settings.data_dir / URL_FILE, postgres.url)
        return _serve(settings, postgres.url, postgres)


def _keep_url(path: Path, url: str) -> None:
    """Keep where the database is, for commands beside the desk; it holds a password, and is its owner's alone."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(url + "\n")


def _serve(settings: Settings, url: str, postgres: EmbeddedPostgres | None) -> int:
    secret = settings.bootstrap_key or kept_secret(settings.data_dir)
    keys = settings.secret_keys or kept_keys(settings.data_dir)
    ring = _ring(settings, keys)
    asyncio.run(prepare(url, secret, ring))
    if len(ring.key_ids) > 1:
        print(asyncio.run(rewrap(url, ring, SEALED)).said(ring), flush=True)
    return run(
        {name: [sys.executable, "-m", "app", name] for name in ("api", "worker")},
        _environment(settings, url, keys),
        ready=lambda: _ready(settings),
        on_ready=lambda: _greet(settings, secret),
        alive=postgres.alive if postgres else None,
    )


def _ring(settings: Settings, keys: str) -> Keyring:
    try:
        return parse_keys(keys)
    except ValueError as error:
        raise SettingsError(f"{settings.data_dir / KEYS_FILE}: {error}") from None


def _environment(settings: Settings, url: str, keys: str) -> dict[str, str]:
    networks = LOOPBACK if settings.webhook_allowed_networks is None else settings.webhook_allowed_networks
    named = {"DATABASE_URL": url, "TRUNKLINE_PORT": str(settings.port), "TRUNKLINE_SECRET_KEYS": keys}
    return {**os.environ, **named, "TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS": networks}


def _ready(settings: Settings) -> bool:
    try:
        with _DIRECT.open(f"{_base(settings)}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (urllib.error.URLError, OSError):
        return False


def _base(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


def _greet(settings: Settings, secret: str) -> None:
    source = "from TRUNKLINE_BOOTSTRAP_KEY" if settings.bootstrap_key else f"kept in {settings.data_dir / KEY_FILE}"
    opened = "loopback only (set TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS to change it)"
    if settings.webhook_allowed_networks is not None:
        opened = settings.webhook_allowed_networks or "none"
    print(
        f"Trunkline is ready.\n"
        f"  API        {_base(settings)}/v1\n"
        f"  Docs       {_base(settings)}/docs\n"
        f"  Staff key  {secret}  ({source})\n"
        f"  Networks opened to webhooks besides public https: {opened}\n"
        f"{_database_told(settings)}"
        f"Ctrl-C stops everything.",
        flush=True,
    )


def _database_told(settings: Settings) -> str:
    if settings.database_url is not None:
        return ""
    return f"  Other commands find its database by DATABASE_URL=$(cat {settings.data_dir / URL_FILE})\n"
