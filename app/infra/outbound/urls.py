"""URLs that the desk is asked to send to: read once, strictly, before anything is resolved."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from app.infra.outbound.addresses import AllowedNetworks, IPAddress, forbidden, is_allowed
from app.infra.outbound.hosts import BadHost, is_internal, parse_host

MAX_URL = 2048
PUBLIC_PORTS = frozenset({443, 8443})  # any other only inside of an allowed network
_LAST_PORT = 65_535
_DEFAULT_PORTS = {"https": 443, "http": 80}

# Stricter than RFC 3986: what other parsers read in another way is not accepted instead of guessed at.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[^\]/?@]*\]|[^:/?@\[\]]+)(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>[/?].*)?",
    re.IGNORECASE,
)
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_KEPT = "/?%:@!$&'()*+,;=-._~[]"


class UnsafeUrl(ValueError):  # noqa: N818 - the name says what is wrong
    """The desk will not send to this URL.

    `reason` may be shown to whoever gave the URL. `detail` is for operators: it names answers of their DNS.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `address` is set where the host is a literal.

    `inside_only`: every address of it must lie in an allowed network, because it is plain HTTP, has an unusual port,
    or a name without meaning outside.
    """

    scheme: str
    host: str
    port: int
    path: str
    address: IPAddress | None
    inside_only: bool

    @property
    def url(self) -> str:
        """The URL in its one spelling, which is what is requested."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"


@lru_cache(maxsize=1024)
def check_url(url: str, allowed: AllowedNetworks) -> Target:
    """Take a URL apart and refuse what no resolution could make safe; nothing is resolved and nobody contacted.

    Raises:
        UnsafeUrl: not an absolute `https` URL of a public host on port 443 or 8443, and not inside what `allowed`
            opens; or spelt in a way that two readers could read differently.
    """
    target = _parse(url)
    if target.address is not None:
        check_address(target, target.address, allowed)
    elif target.inside_only and not allowed:
        raise UnsafeUrl(_outside(target))
    if len(target.url) > MAX_URL:
        raise UnsafeUrl(f"the URL is longer than {MAX_URL} characters when encoded")
    return target


def check_address(target: Target, address: IPAddress, allowed: AllowedNetworks) -> None:
    """Refuse an address, the literal of the URL or an answer of the DNS, that this target may not have.

    Raises:
        UnsafeUrl: a special address that was not opened, or one outside where the target must lie inside.
    """
    why = forbidden(address, allowed)
    if why is not None and target.address is not None:
        raise UnsafeUrl(f"the address is {why}")
    if why is not None:  # not what it is: that would tell strangers about names inside of this network
        raise UnsafeUrl("the host has no public address", f"{target.host} is {address}: {why}")
    if target.inside_only and not is_allowed(address, allowed):
        raise UnsafeUrl(_outside(target), f"{target.host} is {address}, which lies in no allowed network")


def _outside(target: Target) -> str:
    if target.address is None and is_internal(target.host):
        return "the host is a name that only means something inside of a network"
    if target.scheme == "http":
        return "the URL must begin with https://"
    return "the port must be 443 or 8443"


def _parse(url: str) -> Target:
    _check_characters(url)
    match = _URL.fullmatch(url)
    if match is None:
        raise UnsafeUrl("the URL must read https://host/path, without credentials and with a plain decimal port")
    scheme = match["scheme"].lower()
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if port > _LAST_PORT:
        raise UnsafeUrl("the port must be 443 or 8443")
    try:
        host, address = parse_host(match["host"])
    except BadHost as error:
        raise UnsafeUrl(str(error)) from error
    internal = address is None and is_internal(host)
    inside_only = internal or scheme != "https" or port not in PUBLIC_PORTS
    return Target(scheme, host, port, _path(match["rest"] or ""), address, inside_only)


def _check_characters(url: str) -> None:
    if len(url) > MAX_URL:
        raise UnsafeUrl(f"the URL is longer than {MAX_URL} characters")
    if " " in url or not url.isprintable() or _ENCODED_CONTROL.search(url):
        raise UnsafeUrl("the URL has blanks or control characters")
    if "\\" in url:
        raise UnsafeUrl("the URL has a backslash, which some read as a slash")
    if "#" in url:
        raise UnsafeUrl("the URL has a fragment, which is never sent")


def _path(rest: str) -> str:
    """Encode what RFC 3986 does not let stand as it is; what is encoded already stays so."""
    return quote(rest if rest.startswith("/") else f"/{rest}", safe=_KEPT)
