"""The blocks of docs/events.md are run as they stand, against a real desk."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.stories.processes import STAFF_KEY, RunningDesk

_PAGE = Path(__file__).parents[2] / "docs" / "events.md"


@pytest.mark.timeout(120)
async def test_the_blocks_of_the_page_run_as_they_stand(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    script = "set -eu\n" + "\n".join(re.findall(r"```bash\n(.*?)```", _PAGE.read_text(), re.DOTALL))

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
    assert "Trunk 7 is down" in (tmp_path / "feed.json").read_text()
    assert said.count("event: ticket.created") == 1
    assert "Trunk 8 is down" in said
    assert '"sequence":' in said
