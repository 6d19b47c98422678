"""The README's walk is run as it stands, against a real desk."""

import asyncio
import re
from pathlib import Path

import pytest

from app.infra.settings import Settings
from tests.stories.processes import STAFF_KEY, RunningDesk, free_port

_ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.timeout(120)


def test_the_table_of_settings_names_each_of_them() -> None:
    known = {f"TRUNKLINE_{name.upper()}" for name in Settings.model_fields if name != "database_url"}
    told: set[str] = set()
    for row in re.findall(r"^\| (`[A-Z].*?) \|", (_ROOT / "README.md").read_text(), re.MULTILINE):
        first, *others = re.findall("`([A-Z_]+)`", row)
        told |= {first, *(name for each in others for name in _meant(each, first, known))}

    assert told == known | {"DATABASE_URL"}


def _meant(short: str, first: str, known: set[str]) -> set[str]:
    """Return what is meant by the end of a name that begins as the first of its row does."""
    return {name for name in known if name.endswith(short) and first.startswith(name.removesuffix(short))}


async def test_the_readme_leads_from_nothing_to_an_escalation(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    text = (_ROOT / "README.md").read_text()
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    script = "set -eu\n" + "\n".join(blocks).replace("8099", str(free_port())).replace("docs/", f"{_ROOT}/docs/")

    async with RunningDesk(tmp_path) as desk:
        there = set(tmp_path.iterdir())
        environment = {
            "DESK": f"http://127.0.0.1:{desk.port}",
            "KEY": STAFF_KEY,
            "TMPDIR": str(tmp_path),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=tmp_path, env=environment, stdout=-1, stderr=-2
        )
        said = (await shell.communicate())[0].decode()
        left = set(tmp_path.iterdir()) - there

    assert shell.returncode == 0, said
    heard = [line for line in said.splitlines() if line.startswith(("verified", "REFUSED"))]
    told = [line.strip() for line in text.splitlines() if line.startswith("    verified")]
    assert sorted(heard) == sorted(told)
    assert '"next_due_at":"2026-06-11T07:30:00Z"' in said
    assert left == set(), "the walk leaves nothing behind"
