"""Forbidden addresses, and the ways in which somebody may write one into a URL; generated, not listed."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address

from hypothesis import strategies as st

from app.infra.outbound.addresses import FORBIDDEN, IPAddress, IPNetwork

# Digits that Unicode or some reader takes for ASCII ones: full-width, Arabic, bold, double-struck, circled.
_ZEROS = (0xFF10, 0x0660, 0x1D7CE, 0x1D7D8)
_CIRCLED = dict(zip(range(ord("0"), ord("9") + 1), "⓪①②③④⑤⑥⑦⑧⑨", strict=True))
_DOTS = ".\u3002\uff0e\uff61"  # what IDNA takes for full stops
_MOST_PARTS = 4


def _at(network: IPNetwork) -> st.SearchStrategy[IPAddress]:
    return st.integers(int(network[0]), int(network[-1])).map(type(network[0]))


_V4 = [network for network in FORBIDDEN if isinstance(network, IPv4Network)]
_V6 = [network for network in FORBIDDEN if not isinstance(network, IPv4Network)]
bad_v4 = st.sampled_from(_V4).flatmap(_at).map(lambda one: IPv4Address(int(one)))


@st.composite
def _carried(draw: st.DrawFn) -> IPv6Address:
    """An IPv6 address that carries a forbidden IPv4 one, in each way that there is."""
    low, noise = int(draw(bad_v4)), draw(st.integers(1, 2**32 - 1))
    prefix = draw(st.integers(0x20 << 56, (0x40 << 56) - 1)) << 64  # some network of global unicast
    return IPv6Address(
        draw(
            st.sampled_from(
                [
                    low,  # IPv4-compatible
                    0xFFFF << 32 | low,  # IPv4-mapped
                    0xFFFF << 48 | low,  # SIIT
                    0x64FF9B << 96 | low,  # NAT64
                    0x64FF9B0001 << 80 | noise << 32 | low,  # NAT64 of a network's own
                    0x2002 << 112 | low << 80 | noise,  # 6to4
                    0x20010000 << 96 | low << 64 | noise,  # Teredo, its server
                    0x20010000 << 96 | noise << 64 | low ^ 0xFFFFFFFF,  # Teredo, its client
                    prefix | 0x5EFE << 32 | low,  # ISATAP
                    prefix | 0x02005EFE << 32 | low,
                ]
            )
        )
    )


outside = st.integers(0, 2**128 - 1).filter(lambda value: value >> 125 != 1).map(IPv6Address)
bad_v6 = st.one_of(st.sampled_from(_V6).flatmap(_at), _carried(), outside).map(lambda one: IPv6Address(int(one)))
bad = st.one_of(bad_v4, bad_v6)


@st.composite
def notations(draw: st.DrawFn, address: IPAddress) -> str:
    """Draw a host that somebody, somewhere, reads as this address."""
    host = draw(_written_v4(address) if isinstance(address, IPv4Address) else _written_v6(address))
    way = draw(st.sampled_from([_plain, _percent_encoded, _other_digits, _other_dots]))
    return way(draw, host)


@st.composite
def _written_v4(draw: st.DrawFn, address: IPv4Address) -> str:
    """Write it as `inet_aton` reads it: one to four parts, decimal, octal or hexadecimal; the last takes the rest."""
    count, left = draw(st.integers(1, _MOST_PARTS)), int(address)
    parts = [left >> 24 - 8 * n & 0xFF for n in range(count - 1)]
    parts.append(left & (1 << 32 - 8 * (count - 1)) - 1)
    written = ".".join(draw(_number(part)) for part in parts)
    return draw(st.sampled_from([written, written, f"{written}.", f"[{address}]", str(address)]))


@st.composite
def _number(draw: st.DrawFn, value: int) -> str:
    zeros = "0" * draw(st.integers(0, 3))
    return draw(st.sampled_from([str(value), str(value), f"0{zeros}{value:o}", f"0x{zeros}{value:x}", f"0X{value:X}"]))


@st.composite
def _written_v6(draw: st.DrawFn, address: IPv6Address) -> str:
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    groups = address.exploded.split(":")
    dotted = ":".join([*(group.lstrip("0") or "0" for group in groups[:6]), str(low)])
    short = ":".join(group.lstrip("0") or "0" for group in groups)
    compressed = address.compressed
    text = draw(st.sampled_from([compressed, address.exploded, short, dotted, compressed.upper(), dotted.upper()]))
    zone = draw(st.sampled_from(["", "", "", "%25eth0", "%1"]))
    return f"[{text}{zone}]"


def _plain(_: st.DrawFn, host: str) -> str:
    return host


def _percent_encoded(draw: st.DrawFn, host: str) -> str:
    at = draw(st.integers(0, len(host) - 1))
    return f"{host[:at]}%{ord(host[at]):02x}{host[at + 1 :]}"


def _other_digits(draw: st.DrawFn, host: str) -> str:
    tables: list[dict[int, str]] = [{ord(str(digit)): chr(zero + digit) for digit in range(10)} for zero in _ZEROS]
    table = draw(st.sampled_from([*tables, _CIRCLED]))
    which = draw(st.lists(st.booleans(), min_size=len(host), max_size=len(host)))
    return "".join(sign.translate(table) if swap else sign for sign, swap in zip(host, which, strict=True))


def _other_dots(draw: st.DrawFn, host: str) -> str:
    return "".join(draw(st.sampled_from(_DOTS)) if sign == "." else sign for sign in host)
