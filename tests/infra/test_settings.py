import asyncio
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.infra.keyring import new_key
from app.infra.settings import SettingsError, load_settings
from tests.stories.processes import RunningDesk, start

_ROOT = Path(__file__).parents[2]
NOT_AN_ADDRESS = "DATABASE_URL: not the address of a PostgreSQL database"


@pytest.mark.parametrize(
    ("command", "url", "said"),
    [
        ("api", "", "DATABASE_URL is not set"),
        ("worker", "nonsense", NOT_AN_ADDRESS),
        ("migrate", "mysql://root:hush@127.0.0.1/desk", NOT_AN_ADDRESS),
        ("api", "postgresql://desk:hush@127.0.0.1:many/desk", NOT_AN_ADDRESS),
        ("api", "postgresql://desk:hush@127.0.0.1:9/desk", "the database desk at 127.0.0.1:9 is not to be reached"),
        ("run", "postgresql://desk:hush@127.0.0.1:9/desk", "the database desk at 127.0.0.1:9 is not to be reached"),
        ("staff-key", "postgresql://desk:hush@no-such-host.invalid/desk", "is not to be reached"),
    ],
)
async def test_a_database_that_is_not_there_is_said_in_a_line(command: str, url: str, said: str) -> None:
    words = [sys.executable, "-m", "app", command, *(["who"] if command == "staff-key" else [])]

    done = await asyncio.to_thread(
        subprocess.run, words, cwd=_ROOT, env={"DATABASE_URL": url}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.startswith("trunkline: ")
    assert len(done.stderr.splitlines()) == 1
    assert "hush" not in done.stderr + done.stdout


async def _first_answer(client: httpx.AsyncClient, url: str) -> httpx.Response:
    while True:
        try:
            return await client.get(url)
        except httpx.TransportError:
            await asyncio.sleep(0.05)


async def test_without_a_port_of_its_own_the_api_takes_a_free_one_and_names_it(
    database_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    process = start("api", {"DATABASE_URL": database_url, "TRUNKLINE_PORT": "0"}, log)
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(40):
            while not (named := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())):
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
            answer = await _first_answer(client, f"{named[0]}/healthz")
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, 20)

    assert answer.status_code == 200
    assert int(named[1]) > 0


async def test_a_desk_without_a_port_of_its_own_says_where_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path, TRUNKLINE_PORT="0") as desk:
        named = re.search(r"API +(http://127\.0\.0\.1:[1-9]\d+)/v1", desk.log.read_text())

        assert named is not None
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{named[1]}/readyz")).status_code == 200


async def test_a_desk_of_one_machine_keeps_its_keys_and_seals_anew_with_one_that_is_put_before_them(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    async with RunningDesk(tmp_path, TRUNKLINE_SECRET_KEYS="") as desk:
        made = await desk.caller().post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
        kept = tmp_path / "data" / "secret-keys"
        old = kept.read_text().strip()
    kept.write_text(f"{new_key()},{old}\n")
    async with RunningDesk(tmp_path, TRUNKLINE_SECRET_KEYS="") as desk:
        said = desk.log.read_text()
        read = await desk.caller().get(f"/webhook-endpoints/{made['id']}/secret")

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert read["secret"] == made["secret"]
    assert f"older backups: {old.partition(':')[0]}." in said


async def test_keys_of_one_machine_that_cannot_be_used_are_said_in_a_line(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "secret-keys").write_text("nonsense\n")
    environment = {"DATABASE_URL": database_url, "TRUNKLINE_DATA_DIR": str(tmp_path), "TRUNKLINE_PORT": "0"}
    words = [sys.executable, "-m", "app", "run"]

    done = await asyncio.to_thread(
        subprocess.run, words, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"trunkline: {tmp_path / 'secret-keys'}: an entry has no colon")


@pytest.mark.parametrize(("length", "taken"), [(31, False), (32, True), (201, True), (1000, True)])
def test_a_bootstrap_key_has_at_least_32_characters(length: int, taken: bool) -> None:
    if taken:
        assert load_settings(bootstrap_key="k" * length).bootstrap_key == "k" * length
    else:
        with pytest.raises(SettingsError, match="TRUNKLINE_BOOTSTRAP_KEY"):
            load_settings(bootstrap_key="k" * length)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"smtp_url": "smtp://mail.op.example"},
            "TRUNKLINE_MAIL_FROM: .* nobody can answer support@trunkline.localhost",
        ),
        (
            {"smtp_url": "smtp://mail.op.example", "mail_from": "support@trunkline.localhost"},
            "TRUNKLINE_MAIL_FROM: .* nobody can answer",
        ),
        ({"imap_url": "imaps://mail.op.example"}, "TRUNKLINE_IMAP_URL: names nobody to sign in as"),
        ({"imap_url": "imaps://:hush@mail.op.example"}, "TRUNKLINE_IMAP_URL: names nobody to sign in as"),
    ],
)
def test_mail_that_nobody_can_answer_or_fetch_is_refused_at_the_start(settings: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=f"^{said}") as refused:
        load_settings(**settings)

    assert "hush" not in str(refused.value)


def test_mail_with_an_address_and_a_user_is_taken() -> None:
    settings = load_settings(
        smtp_url="smtp://mail.op.example", mail_from="desk@op.example", imap_url="imap://desk:hush@mail.op.example"
    )

    assert settings.mail_from == "desk@op.example"
    assert load_settings().mail_from == "support@trunkline.localhost"
