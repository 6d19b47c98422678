"""The README's walk is run as it stands, against a real desk."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.stories.processes import STAFF_KEY, RunningDesk, free_port

_ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.timeout(120)


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
