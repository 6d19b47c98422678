"""Which addresses the desk may connect to.

The tables are our own and pinned: `is_global` and `is_private` of the standard library change between patch releases
of Python, and let pass what carries another address inside. Sources: the IANA special-purpose registries for IPv4 and
IPv6 (RFC 6890 and its updates), and the RFC named beside each entry.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# The networks that an operator opened: what lies in one may be reached, however special it is.
AllowedNetworks = tuple[IPNetwork, ...]

_IPV4 = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "carrier-grade NAT (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "168.63.129.16/32": "a cloud platform's internal address under a public number",
    "169.254.0.0/16": "link-local, where clouds keep their metadata (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.0.0.0/24": "IETF protocol assignments (RFC 6890)",
    "192.0.2.0/24": "documentation (RFC 5737)",
    "192.31.196.0/24": "AS112 (RFC 7535)",
    "192.52.193.0/24": "automatic multicast tunneling (RFC 7450)",
    "192.88.99.0/24": "6to4 relays (RFC 7526)",
    "192.168.0.0/16": "private (RFC 1918)",
    "192.175.48.0/24": "AS112 (RFC 7534)",
    "198.18.0.0/15": "benchmarking (RFC 2544)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved, and broadcast (RFC 1112, RFC 919)",
}

# Where an IPv6 address carries an IPv4 one, which a translator or the kernel itself would then connect to.
_CARRIERS = {
    "::ffff:0:0/96": "IPv4-mapped (RFC 4291)",
    "::ffff:0:0:0/96": "IPv4-translated, SIIT (RFC 2765)",
    "64:ff9b::/96": "NAT64 (RFC 6052)",
    "64:ff9b:1::/48": "local NAT64 (RFC 8215)",
    "2001::/32": "Teredo (RFC 4380)",
    "2002::/16": "6to4 (RFC 3056)",
}

_IPV6 = _CARRIERS | {
    "::/128": "unspecified (RFC 4291)",
    "::1/128": "loopback (RFC 4291)",
    "::/96": "IPv4-compatible (RFC 4291)",
    "100::/64": "discard-only (RFC 6666)",
    "100:0:0:1::/64": "dummy prefix (RFC 9780)",
    "2001::/23": "IETF protocol assignments (RFC 2928)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "2620:4f:8000::/48": "AS112 (RFC 7534)",
    "3ffe::/16": "6bone, given back (RFC 3701)",
    "3fff::/20": "documentation (RFC 9637)",
    "5f00::/16": "segment routing (RFC 9602)",
    "fc00::/7": "unique local (RFC 4193)",
    "fe80::/10": "link-local (RFC 4291)",
    "fec0::/10": "site-local (RFC 3879)",
    "ff00::/8": "multicast (RFC 4291)",
}

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the one block that IANA allocates from (RFC 4291, section 2.4)

# The upper half of an ISATAP interface identifier, under any prefix (RFC 5214, section 6.1).
_ISATAP = {0x00005EFE, 0x02005EFE}

FORBIDDEN: dict[IPNetwork, str] = {ip_network(block): why for block, why in (_IPV4 | _IPV6).items()}
_FORBIDDEN_V4 = [(network, why) for network, why in FORBIDDEN.items() if isinstance(network, IPv4Network)]
_FORBIDDEN_V6 = [(network, why) for network, why in FORBIDDEN.items() if isinstance(network, IPv6Network)]
_NEVER_OPENED = [IPv6Network(block) for block in _CARRIERS]


NOTHING_OPENED: AllowedNetworks = ()


def parse_networks(text: str) -> AllowedNetworks:
    """Read networks in CIDR notation, divided by commas or blanks: `127.0.0.0/8, 10.1.0.0/16`.

    Raises:
        ValueError: an entry is no network, has bits below its prefix, opens everything, or carries IPv4 inside IPv6.
    """
    return tuple(_network(entry) for entry in text.replace(",", " ").split())


def is_allowed(address: IPAddress, allowed: AllowedNetworks) -> bool:
    """Tell whether the address itself, not one that it carries, lies in an opened network."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    return any(address in network for network in allowed)


def forbidden(address: IPAddress, allowed: AllowedNetworks = NOTHING_OPENED) -> str | None:
    """Return why the desk may not connect to the address, or None where it may."""
    if is_allowed(address, allowed):
        return None
    if isinstance(address, IPv4Address):
        return next((why for network, why in _FORBIDDEN_V4 if address in network), None)
    return _forbidden_v6(address)


def _forbidden_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "an address with a zone (RFC 4007)"
    why = next((why for network, why in _FORBIDDEN_V6 if address in network), None)
    if why is None and (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return "ISATAP (RFC 5214)"
    if why is None and address not in _GLOBAL_UNICAST:
        return "outside of global unicast (RFC 4291)"
    return why


def _network(entry: str) -> IPNetwork:
    try:
        network = ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r} is no network to allow, such as 10.1.0.0/16 or fd00::/8: {error}") from error
    if network.prefixlen == 0:
        raise ValueError(f"{entry!r} would open every address; name the networks that are meant")
    if isinstance(network, IPv6Network) and any(network.overlaps(carrier) for carrier in _NEVER_OPENED):
        raise ValueError(f"{entry!r} holds IPv6 addresses that carry IPv4 ones; name the IPv4 network")
    return network
