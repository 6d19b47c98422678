"""The blocks of docs/reports.md are run as they stand, against a real desk."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.stories.processes import STAFF_KEY, RunningDesk

_PAGE = Path(__file__).parents[2] / "docs" / "reports.md"


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
    assert (tmp_path / "sla.md").read_text().startswith("# Service level agreement")
    assert "Branded Intelligent Hands" in (tmp_path / "sla.html").read_text()
    assert (tmp_path / "sla.csv").read_text().startswith("month,name,met,missed,met_late,open,voided,attainment,")
    assert "<h1>SLA report</h1>" in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "report.json").read_text())["total"]["attainment"] is None
