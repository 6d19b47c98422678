"""Host names and literal addresses as they stand in a URL, in one spelling each."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from app.infra.outbound.addresses import IPAddress

MAX_NAME = 253  # RFC 1035, section 2.3.4, without the closing dot

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1123, section 2.1
_DOTTED = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
# A C resolver reads a name that ends so as an address in decimal, octal or hex (inet_aton), and so do browsers.
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_IPV6_TEXT = re.compile(r"[0-9a-fA-F:.]{2,45}")

# Names that mean something only inside of some network: RFC 6761, 6762, 7686, 8375, 9476, ICANN's reserved
# `internal`, the three that ICANN will not delegate, and what routers, clusters and companies use on their own.
_INTERNAL_SUFFIXES = frozenset(
    {
        *("localhost", "local", "localdomain", "internal", "intranet", "intra", "private", "lan", "home", "corp"),
        *("mail", "workgroup", "domain", "arpa", "invalid", "onion", "alt", "svc", "cluster", "consul", "docker"),
    },
)


class BadHost(ValueError):  # noqa: N818 - the name says what is wrong
    """The text is no host that could be anyone's webhook; the message says why."""


def parse_host(text: str) -> tuple[str, IPAddress | None]:
    """Return the host in its one ASCII spelling, and its address where it is a literal.

    Raises:
        BadHost: neither a strict dotted IPv4 address, a bracketed IPv6 address without a zone, nor a name of letters,
            digits and hyphens after IDNA (RFC 5890) whose last label is not numeric.
    """
    if text.startswith("["):
        address = _ipv6(text)
        return f"[{address.compressed}]", address
    if _DOTTED.fullmatch(text):
        literal = _ipv4(text)
        return str(literal), literal
    return _name(text), None


def is_internal(name: str) -> bool:
    """Tell whether the name has meaning only inside of some network: one label, or a suffix kept for that."""
    return "." not in name or name.rpartition(".")[2] in _INTERNAL_SUFFIXES


def _ipv4(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)  # refuses leading zeros, which some read as octal
    except AddressValueError as error:
        raise BadHost("the host is not a plain IPv4 address") from error


def _ipv6(text: str) -> IPv6Address:
    inner = text[1:-1]
    if not text.endswith("]") or not _IPV6_TEXT.fullmatch(inner):
        raise BadHost("the host in brackets is not a plain IPv6 address; zone identifiers are not accepted")
    try:
        return IPv6Address(inner)
    except AddressValueError as error:
        raise BadHost("the host in brackets is not a plain IPv6 address") from error


def _name(text: str) -> str:
    name = text.lower()
    if not name.isascii() or "xn--" in name:  # what is encoded already must decode, as other readers will try
        name = _ascii(name)
    labels = name.split(".")
    if len(name) > MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadHost("the host is not a name of letters, digits and hyphens, without a closing dot")
    if _NUMERIC.fullmatch(labels[-1]):
        raise BadHost("the host is a number, not a name; write an IPv4 address as four plain decimal parts")
    return name


def _ascii(text: str) -> str:
    """Apply IDNA 2008 with the mapping of UTS 46, which also folds full-width digits and other dots."""
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError, IndexError) as error:  # the last two come from inside of its decoder
        raise BadHost("the host is not a valid international name (IDNA)") from error
