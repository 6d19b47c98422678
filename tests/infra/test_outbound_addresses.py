"""Every address of every forbidden block is refused, and an allow-list opens its networks and nothing else."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.outbound.addresses import FORBIDDEN, IPNetwork, forbidden, is_allowed, parse_networks

blocks = st.sampled_from(sorted(FORBIDDEN, key=str))
v4 = st.integers(0, 2**32 - 1)
bad_v4 = st.one_of([st.integers(int(n[0]), int(n[-1])) for n in FORBIDDEN if isinstance(n, IPv4Network)])


@given(blocks, st.data())
def test_each_address_of_a_forbidden_block_is_refused(block: IPNetwork, data: st.DataObject) -> None:
    at = data.draw(st.integers(int(block[0]), int(block[-1])))
    assert forbidden(type(block[0])(at)) is not None


@pytest.mark.parametrize("block", FORBIDDEN, ids=str)
def test_the_ends_of_a_forbidden_block_are_refused(block: IPNetwork) -> None:
    assert forbidden(block[0]) is not None
    assert forbidden(block[-1]) is not None


@given(v4)
def test_an_ipv4_address_carried_in_ipv6_is_refused_whatever_it_is(carried: int) -> None:
    low = IPv4Address(carried)
    for text in (f"::{low}", f"::ffff:{low}", f"::ffff:0:{low}", f"64:ff9b::{low}", f"64:ff9b:1::{low}"):
        assert forbidden(IPv6Address(text)) is not None, text
    for prefix in ("2606:4700::", "2a00:1450:4001::", "fe80::", "::"):
        for owner in (0x00005EFE, 0x02005EFE):
            assert forbidden(IPv6Address(int(IPv6Address(prefix)) | owner << 32 | carried)) is not None
    assert forbidden(IPv6Address(0x2002 << 112 | carried << 80 | 1)) is not None
    assert forbidden(IPv6Address(0x20010000 << 96 | carried)) is not None


@given(st.integers(0, 2**128 - 1))
def test_of_ipv6_only_global_unicast_is_ever_let_through(value: int) -> None:
    address = IPv6Address(value)
    assert forbidden(address) is not None or address in IPv6Network("2000::/3")


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.0.0.1",
        "128.0.0.1",
        "168.63.129.15",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.1.1",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001:80f::200e",
        "2400:cb00::1",
    ],
)
def test_public_addresses_are_let_through(text: str) -> None:
    assert forbidden(ip_address(text)) is None


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700:4700::1111%1", "::1%lo"])
def test_a_zone_is_refused_even_where_the_network_is_opened(text: str) -> None:
    assert forbidden(ip_address(text), parse_networks("::1/128, fe80::/10, 2606:4700::/32")) is not None


@given(bad_v4, st.integers(8, 32), bad_v4)
def test_an_opening_opens_its_network_and_nothing_else(inside: int, prefix: int, other: int) -> None:
    network = ip_network((inside, prefix), strict=False)
    allowed = parse_networks(str(network))
    assert forbidden(IPv4Address(inside), allowed) is None
    assert (forbidden(IPv4Address(other), allowed) is None) is (IPv4Address(other) in network)
    assert forbidden(IPv6Address(f"::ffff:{IPv4Address(inside)}"), allowed) is not None


def test_networks_are_read_with_commas_or_blanks() -> None:
    allowed = parse_networks(" 127.0.0.0/8,10.1.0.0/16 ::1 ")
    assert allowed == (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("::1/128"))
    assert is_allowed(ip_address("::1"), allowed)
    assert parse_networks("") == ()


@pytest.mark.parametrize(
    "text", ["10.0.0.1/8", "10.0.0.0/33", "localhost", "0.0.0.0/0", "::/0", "10.0.0.0/-1", "1.2.3"]
)
def test_an_entry_that_is_no_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_networks(f"127.0.0.0/8,{text}")


@pytest.mark.parametrize("text", ["::ffff:0:0/96", "::ffff:127.0.0.1", "64:ff9b::/96", "2002::/16", "2000::/3", "::/8"])
def test_addresses_that_carry_others_cannot_be_opened(text: str) -> None:
    with pytest.raises(ValueError, match="carry IPv4"):
        parse_networks(text)
