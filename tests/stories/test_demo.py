import subprocess
import sys

import pytest


@pytest.mark.timeout(180)
def test_the_demo_plays_a_day_and_prints_what_was_delivered() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "app", "demo"], capture_output=True, text=True, check=False, timeout=170
    )

    assert played.returncode == 0, played.stderr
    told = " ".join(played.stdout.replace("│", " ").split())
    for said in (
        "sla.breached",
        "sla.met as met_late",
        "escalation.raised to Technical Director",
        "an answer by 11 Jun 08:30",
        "add_on.activated",
        "call from support@trunkline.localhost to technical_director@example.com: [TL-",
        "reply from support@trunkline.localhost to noc@professional.example: [TL-",
    ):
        assert said in told
    assert "webhooks were delivered" in played.stdout
    assert "mails were written and, in a sandbox, captured" in told
    assert "REFUSED" not in played.stdout
    assert "Traceback" not in played.stderr
