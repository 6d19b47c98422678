"""What may be registered: the case file at registration, and generated spellings of addresses."""

import json
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import yarl
from hypothesis import given, settings
from hypothesis import strategies as st

from app.infra.outbound.addresses import FORBIDDEN, IPAddress, parse_networks
from app.infra.outbound.resolver import SystemResolver, vet
from app.infra.outbound.urls import UnsafeUrl, check_url

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "ssrf_urls.json").read_text(encoding="utf-8"),
)
OPENED = parse_networks("127.0.0.0/8, 10.1.0.0/16, ::1/128")


class Answering:
    """A resolver that gives one answer to every name, and remembers that it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = [ip_address(answer) for answer in answers]
        self.asked: list[str] = []

    async def resolve(self, host: str) -> Sequence[IPAddress]:
        self.asked.append(host)
        return self.answers


class Naive(Answering):
    """A resolver that finds every name public, so that nothing but its spelling can refuse it."""

    def __init__(self) -> None:
        super().__init__("93.184.216.34")


def first_answers(case: dict[str, Any]) -> list[str]:
    answers = case.get("mock_dns", ["93.184.216.34"])
    return answers[0] if answers and isinstance(answers[0], list) else answers


@pytest.mark.parametrize(
    "case", [c for c in CASES["refuse"] if c["refuse_at"] == "registration"], ids=lambda c: c["id"]
)
async def test_a_url_is_refused_at_registration_even_if_its_name_were_public(case: dict[str, Any]) -> None:
    with pytest.raises(UnsafeUrl) as refusal:
        await vet(case["url"], Naive(), ())
    assert refusal.value.reason


@pytest.mark.parametrize(
    "case",
    [c for c in CASES["refuse"] if c["refuse_at"] == "connect" and c["id"] != "dns-rebind"],
    ids=lambda c: c["id"],
)
async def test_a_bad_answer_refuses_the_name_at_registration_already(case: dict[str, Any]) -> None:
    resolver = Answering(*first_answers(case))
    with pytest.raises(UnsafeUrl) as refusal:
        await vet(case["url"], resolver, ())
    assert len(resolver.asked) == 1
    assert not any(str(answer) in refusal.value.reason for answer in resolver.answers)


@pytest.mark.parametrize("case", CASES["allow"], ids=lambda c: c["url"])
async def test_a_public_url_is_allowed(case: dict[str, Any]) -> None:
    target = await vet(case["url"], Answering(*first_answers(case)), ())
    assert target.url.isascii()
    assert check_url(target.url, ()) == target


def spellings(address: IPv4Address) -> list[str]:
    n, (a, b, c, d) = int(address), address.packed
    plain = str(address)
    full_width = str.maketrans("0123456789.", "".join(chr(0xFF10 + i) for i in range(10)) + "\uff0e")
    circled = str.maketrans("123456789", "".join(chr(0x2460 + i) for i in range(9)))
    return [
        *(str(n), hex(n), f"0{n:o}", f"0X{n:X}", f"0x{n:x}.", str(n + 2**32)),
        *(f"{a}.{n & 0xFFFFFF}", f"{a}.{b}.{n & 0xFFFF}", f"0x{a:x}.{b}.{c}.{d}", f"{a}.{b}.{c}.0x{d:x}"),
        *(f"0{a:o}.{b}.{c}.{d}", f"{a:03}.{b:03}.{c:03}.{d:04}", f"{a}.{b}.{c}.{d}.", f".{plain}", f"{plain}.0"),
        *(f"[{plain}]", f"[::ffff:{plain}]", f"[::{plain}]", f"[::ffff:0:{plain}]", f"[64:ff9b::{plain}]"),
        *(f"[::5efe:{plain}]", f"[2002:{a:02x}{b:02x}:{c:02x}{d:02x}::]", f"[::ffff:{n >> 16:x}:{n & 0xFFFF:x}]"),
        *(plain, plain.translate(full_width), plain.translate(circled), plain.replace(".", "\u3002")),
        *(plain.replace(".", "%2e"), f"%{ord(plain[0]):x}{plain[1:]}", plain.replace(".", "\uff61")),
        *(f"user@{plain}", f"public.test@{plain}", f"{plain}%00.public.test", f"{plain}\\@public.test"),
        *(f"{plain}\t", f" {plain}", f"{plain}\u200b", f"\u00ad{plain}", f"{plain}:443@public.test"),
    ]


bad = st.one_of([st.integers(int(n[0]), int(n[-1])) for n in FORBIDDEN if isinstance(n, IPv4Network)])


@given(bad.map(IPv4Address), st.sampled_from(["", ":443", ":8443"]), st.sampled_from(["", "/", "/x?y=1"]))
@settings(max_examples=60)
async def test_no_spelling_of_a_forbidden_address_is_registered(address: IPv4Address, port: str, path: str) -> None:
    for host in spellings(address):
        with pytest.raises(UnsafeUrl):
            await vet(f"https://{host}{port}{path}", Naive(), ())


hosts = st.from_regex(r"[a-zA-Z0-9.xn-]{0,40}\.[a-z0-9-]{1,6}(:8?443)?(/[!-~]{0,12})?", fullmatch=True)


@given(st.one_of(hosts, st.text(max_size=60), st.text(max_size=12).map("hooks.test/".__add__)))
@settings(max_examples=300)
async def test_any_text_is_refused_or_read_alike_by_all_who_read_it_after_us(text: str) -> None:
    try:
        target = await vet(f"https://{text}", Naive(), ())
    except UnsafeUrl:
        return
    assert check_url(target.url, ()) == target
    again = check_url(str(httpx.URL(target.url)), ())
    assert (again.host, again.port) == (target.host, target.port)
    dialled = yarl.URL(str(httpx.URL(target.url)))
    assert (f"[{dialled.raw_host}]" if target.host.startswith("[") else dialled.raw_host) == target.host
    assert dialled.port == target.port


@pytest.mark.parametrize(
    "url",
    [
        "https://public.test:",
        "https://public.test:0443/",
        "https://public.test:+443/",
        "https://public.test:443:443/",
        "https://public.test:65536/",
        "https://public.test:99999999/",
        "https:public.test",
        "https:/public.test/",
        "//public.test/",
        "/x",
        "",
        "https://",
        "https://?x",
        "https://public.test\\x",
        "https:\\\\public.test",
        "https://public.test/a b",
        "https://public.test/%0d%0aHost:%20x",
        "https://public.test/%00",
        "https://a..test/",
        "https://public.test./",
        "https://-a.test/",
        "https://a-.test/",
        "https://a_b.test/",
        "https://xn--.test/",
        "https://[::1",
        "https://::1/",
        "https://[v1.x]/",
        "https://[2606:4700::1]x/",
        "https://[]/",
        "https://public.test/#",
        "https://:pw@public.test/",
        "https://@public.test/",
        "https://public.test&@x.test/",
        "https://*.test/",
        "https://x.home.arpa/",
        "https://x.onion/",
        "https://x.corp/",
        "https://intranet/",
        "https://x.INTERNAL/",
        "http://public.test/",
        "http://public.test:443/",
        "http://93.184.216.34:8443/",
        "https://xn--a.example/",
        "http://93.184.216.34/",
        "https://93.184.216.34:444/",
        "wss://public.test/",
        "https://public.test/" + chr(0xD800),
        "https://public.test/\u2028",
        "https://\u202epublic.test/",
    ],
)
async def test_what_two_readers_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(UnsafeUrl):
        await vet(url, Naive(), ())


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Hooks.Example.COM", "https://hooks.example.com/"),
        ("https://hooks.example.com:443?a=b", "https://hooks.example.com/?a=b"),
        ("https://пример.example/путь", "https://xn--e1afmkfd.example/%D0%BF%D1%83%D1%82%D1%8C"),
        ("https://hooks.example.com/a@b/%41%2f?x=%20&y=[1]", "https://hooks.example.com/a@b/%41%2f?x=%20&y=[1]"),
        ("https://[2606:4700:4700:0:0:0:0:1111]:8443/", "https://[2606:4700:4700::1111]:8443/"),
    ],
)
def test_a_url_has_one_spelling(url: str, canonical: str) -> None:
    assert check_url(url, ()).url == canonical


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://127.0.0.1:9000/x", []),
        ("https://10.1.2.3:5060/x", []),
        ("http://[::1]/x", []),
        ("http://localhost:9000/x", ["127.0.0.1", "::1"]),
        ("https://desk.internal/x", ["10.1.0.9"]),
        ("http://receiver.test/x", ["10.1.0.9"]),
        ("https://both.test/x", ["93.184.216.34", "10.1.0.9"]),
    ],
)
async def test_an_opened_network_may_be_named_in_any_way(url: str, answers: list[str]) -> None:
    assert (await vet(url, Answering(*answers), OPENED)).url == url
    with pytest.raises(UnsafeUrl):
        await vet(url, Answering(*answers), ())


@pytest.mark.parametrize(
    ("url", "answers"),
    [
        ("http://127.0.0.1.test/x", ["93.184.216.34"]),
        ("http://receiver.test/x", ["10.1.0.9", "93.184.216.34"]),
        ("https://receiver.test:9000/x", ["93.184.216.34"]),
        ("https://desk.internal/x", ["93.184.216.34"]),
        ("https://desk.internal/x", ["10.2.0.1"]),
        ("http://10.2.0.1/x", []),
        ("http://93.184.216.34/x", []),
        ("https://[::ffff:127.0.0.1]/x", []),
        ("https://2130706433/x", ["127.0.0.1"]),
        ("http://localhost:9000/x", ["127.0.0.1", "192.168.0.1"]),
    ],
)
async def test_an_opening_opens_no_more_than_its_networks(url: str, answers: list[str]) -> None:
    with pytest.raises(UnsafeUrl):
        await vet(url, Answering(*answers), OPENED)


async def test_the_system_resolver_knows_localhost_and_fails_for_what_is_not() -> None:
    resolver = SystemResolver()
    try:
        assert all(address.is_loopback for address in await resolver.resolve("localhost"))
        with pytest.raises(UnsafeUrl, match="no public address"):
            await vet("https://nothing.invalid.test/", resolver, ())
    finally:
        resolver.close()


def test_ipv6_literals_are_kept_as_addresses() -> None:
    assert check_url("https://[2606:4700:4700::1111]/", ()).address == IPv6Address("2606:4700:4700::1111")
