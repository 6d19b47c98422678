"""The command line: ``trunkline run`` for one machine; ``migrate``, ``api`` and ``worker`` for production."""

import asyncio
import json
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
import uvloop
from rich.console import Console
from rich.progress import Progress
from typer.core import TyperCommand
from uvicorn.config import STARTUP_FAILURE

from app.auth.principals import Role
from app.auth.secrets import new_secret
from app.bootstrap import ensure_staff_key, prepare
from app.demo.play import play
from app.infra.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.infra.keyring import UnknownKey
from app.infra.logs import configure
from app.infra.migrations import DatabaseUnready, check_migrated, drift
from app.infra.ports import settled_port
from app.infra.reach import reach
from app.infra.rewrapping import check_ring, rewrap
from app.infra.settings import Settings, SettingsError, load_settings
from app.mail.intake.pipe import EX_USAGE, deliver
from app.mail.intake.serving import serve_lmtp
from app.main import ApiServer, bare_app, create_app
from app.one_machine import run_desk
from app.registry import METADATA, SEALED
from app.worker import run_worker

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
mail = typer.Typer(no_args_is_help=True, help="Take mail in, from a mail server.")
cli.add_typer(mail, name="mail")
_DOCUMENT = Path(__file__).parents[1] / "openapi" / "openapi.json"
_LOG_DAY = datetime(2016, 3, 1)  # noqa: DTZ001 - a day, not an instant
_GRACE = 10  # seconds that a request under way may still take when the process is told to stop


def _settings(*, database: bool = True) -> Settings:
    settings = load_settings()
    configure(settings.log_level)
    if database and settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set: name a PostgreSQL database, or use 'trunkline run'")
    if settings.database_url is not None:
        asyncio.run(reach(settings.database_url))
    return settings


async def _check(settings: Settings) -> None:
    """See that a process has what it needs: a database that was migrated, and every key that sealed something in it."""
    keyring, url = settings.keyring, str(settings.database_url)
    await check_migrated(url)
    await check_ring(url, keyring, SEALED)


@cli.command()
def run() -> None:
    """Run the whole desk on this machine: database, API and worker."""
    raise typer.Exit(run_desk(_settings(database=False)))


@cli.command()
def api() -> None:
    """Run an API process."""
    settings = _settings()
    asyncio.run(_check(settings))
    port = settled_port(settings.host, settings.port)
    if not settings.port:
        print(f"The API listens on http://{settings.host}:{port}/v1", flush=True)
    # uvicorn ends in order and then raises the signal anew, for whoever had it before: that is to be no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
    )
    server = ApiServer(config)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


@cli.command()
def worker() -> None:
    """Run a worker process."""
    settings = _settings()
    asyncio.run(_check(settings))
    uvloop.run(run_worker(settings))


@mail.command()
def lmtp(
    host: Annotated[str | None, typer.Option(help="Instead of TRUNKLINE_MAIL_LMTP_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of TRUNKLINE_MAIL_LMTP_PORT.")] = None,
    socket: Annotated[Path | None, typer.Option(help="Listen on a Unix socket instead.")] = None,
) -> None:
    """Listen for mail by LMTP, behind a real mail server."""
    settings = _settings()
    asyncio.run(check_migrated(str(settings.database_url)))
    chosen = host or settings.mail_lmtp_host, settings.mail_lmtp_port if port is None else port
    uvloop.run(serve_lmtp(settings, *chosen, None if socket is None else str(socket)))


class _AsMailServersRead(TyperCommand):
    """A command whose usage errors are EX_USAGE: a mail server knows no other code for them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if getattr(error, "exit_code", 0):  # typer's, which it prints and ends with
                error.exit_code = EX_USAGE  # type: ignore[attr-defined]  # typer's own
            raise


@mail.command(cls=_AsMailServersRead)
def pipe(
    recipient: Annotated[str, typer.Option(envvar="ORIGINAL_RECIPIENT", help="The envelope's recipient.")],
    sender: Annotated[str | None, typer.Option(envvar="SENDER", help="The envelope's sender; empty: none.")] = None,
) -> None:
    """Take one mail from standard input; exits as sysexits.h has it: 0, 64 (usage), 67 (no such mailbox), 75 (later).

    Postfix's local(8) sets the two variables; its pipe(8) is to be given ${original_recipient} and ${sender}.
    """
    configure("INFO")
    raise typer.Exit(asyncio.run(deliver(sys.stdin.buffer, recipient, sender)))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema; with TRUNKLINE_BOOTSTRAP_KEY, let that be a staff key."""
    settings = _settings()
    keyring = None if settings.secret_keys is None else settings.keyring
    asyncio.run(prepare(str(settings.database_url), settings.bootstrap_key, keyring))
    print("The database is at head.")


@cli.command("rewrap-secrets")
def rewrap_secrets() -> None:
    """Seal every secret anew with the first of TRUNKLINE_SECRET_KEYS, and say which keys are still in use.

    It may be stopped and run again: it goes on with what is left.
    """
    settings = _settings()
    asyncio.run(check_migrated(str(settings.database_url)))
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Sealing secrets anew")
        rewrapped = asyncio.run(
            rewrap(
                str(settings.database_url),
                settings.keyring,
                SEALED,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        )
    print(rewrapped.said(settings.keyring))
    raise typer.Exit(1 if rewrapped.broken else 0)


@cli.command("staff-key")
def staff_key(name: Annotated[str, typer.Argument(help="Whose it is, or what for.")]) -> None:
    """Make a staff key and print it, this once."""
    settings = _settings()
    secret = new_secret(Role.STAFF)
    asyncio.run(ensure_staff_key(str(settings.database_url), secret, name))
    print(secret)


@cli.command()
def openapi(
    check: Annotated[bool, typer.Option(help="Only tell whether openapi/openapi.json is what the code says.")] = False,
) -> None:
    """Write the OpenAPI document."""
    document = json.dumps(bare_app().openapi(), indent=2, ensure_ascii=False) + "\n"
    if not check:
        _DOCUMENT.write_text(document)
    elif not _DOCUMENT.exists() or _DOCUMENT.read_text() != document:
        print("openapi/openapi.json is not what the code says: make openapi", file=sys.stderr)
        raise typer.Exit(1)


@cli.command()
def demo(
    log: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A log of a real desk to play.")] = None,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Which day of the log.")] = _LOG_DAY,
) -> None:
    """Play a day at the desk on a test clock, and print it as a timeline."""
    try:
        play(log, day.date())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@cli.command("check-migrations")
def check_migrations() -> None:
    """Tell whether the migrations make the tables that the code declares, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), fast=True) as postgres:
        asyncio.run(prepare(postgres.url, None))
        differences = asyncio.run(drift(postgres.url, METADATA))
    for difference in differences:
        print(difference, file=sys.stderr)
    raise typer.Exit(1 if differences else 0)


def main() -> None:
    """Run a command; what a person can mend is said in a line, without a traceback."""
    try:
        cli()
    except (SettingsError, DatabaseUnready, EmbeddedPostgresError, UnknownKey) as error:
        print(f"trunkline: {error}", file=sys.stderr)
        sys.exit(2)
