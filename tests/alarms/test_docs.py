"""The blocks of docs/alarms.md are run as they stand, against a real desk."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.stories.processes import STAFF_KEY, RunningDesk

_PAGE = Path(__file__).parents[2] / "docs" / "alarms.md"


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
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [one["status"] for one in told if "status" in one] == [
        "opened",
        "repeated",
        "resolved",
        "opened",
        "resolved",
    ]
    (switch,), both = (one["data"] for one in told if "data" in one)
    assert (switch["count"], switch["details"]["calls_failed"]) == (2, 131)
    assert [alarm["source"] for alarm in both] == ["probe-4", "switch-1"]
