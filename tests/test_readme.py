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
        environment = {
            "DESK": f"http://127.0.0.1:{desk.port}",
            "KEY": STAFF_KEY,
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=tmp_path, env=environment, stdout=-1, stderr=-2
        )
        said = (await shell.communicate())[0].decode()

    assert shell.returncode == 0, said
    heard = (tmp_path / "receiver.log").read_text().splitlines()
    assert "verified 2026-06-11T07:15:00Z escalation.raised" in heard
    assert "verified 2026-06-11T07:30:00Z sla.breached" in heard
    assert all(line.startswith("verified") for line in heard)
