"""Pure: header fields that an endpoint wants to be sent with every delivery, such as an ``Authorization``.

Their values are secrets: sealed where they are kept, and never shown again.
"""

import base64
import re
from collections.abc import Mapping
from uuid import UUID

from app.infra.keyring import Keyring, SealBroken

MOST = 10
MASK = "***"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"[!-~](?:[ -~]{0,1022}[!-~])?")  # visible ASCII, with spaces inside
# What frames and routes the request or speaks for a proxy, what we say ourselves, and what opens the metadata services
# of clouds, should an address of theirs ever be reached.
_NOT = frozenset({
    "host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "http2-settings",
    "cookie", "set-cookie", "forwarded", "via", "x-real-ip", "accept", "accept-encoding", "user-agent", "date",
    "metadata", "metadata-flavor", "x-metadata-token",
})  # a list that is read by its lines # fmt: skip
_NOT_BEGINNING = ("content-", "webhook-", "proxy-", "x-forwarded-", "sec-", "x-aws-ec2-metadata-")


def fault_of_name(name: str) -> str | None:
    """Return what is wrong with a header field's name."""
    if not _TOKEN.fullmatch(name):
        return "no name of a header field: up to 128 letters, digits and !#$%&'*+-.^_`|~ (RFC 9110)"
    if name.lower() in _NOT or name.lower().startswith(_NOT_BEGINNING):
        return "not one that may be chosen: it is the request's own"
    return None


def fault_of_value(value: str) -> str | None:
    """Return what is wrong with a header field's value."""
    if value == MASK:
        return f"{MASK} stands for a value that is kept: leave the name out, and the value stays"
    if not _VALUE.fullmatch(value):
        return "a value is 1 to 1024 characters of visible ASCII, with spaces inside but not at its ends"
    return None


def changed(
    kept: Mapping[str, str], change: Mapping[str, str | None] | None, keyring: Keyring, endpoint_id: UUID
) -> dict[str, str]:
    """Return header fields as they are kept, with a change to them: null removes one, or all. Names have no case.

    Raises:
        ValueError: there would be too many.
    """
    if change is None:
        return {}
    named = {name.lower() for name in change}
    headers = {name: sealed for name, sealed in kept.items() if name.lower() not in named}
    for name, value in change.items():
        if value is not None:
            headers[name] = sealed_value(value.encode("ascii"), keyring, endpoint_id, name)
    if len(headers) > MOST:
        raise ValueError(f"there may be {MOST} header fields, and these would be {len(headers)}")
    return headers


def sealed_value(value: bytes, keyring: Keyring, endpoint_id: UUID, name: str) -> str:
    """Return a value as it is kept: sealed for its endpoint and name."""
    return base64.b64encode(keyring.seal(value, _binding(endpoint_id, name))).decode("ascii")


def opened_value(kept: str, keyring: Keyring, endpoint_id: UUID, name: str) -> bytes:
    """Return a value as it is sent.

    Raises:
        UnknownKey: it is sealed with a key that is not on the ring.
        SealBroken: the row was changed by somebody else.
    """
    return keyring.open(bytes_of(kept), _binding(endpoint_id, name))


def bytes_of(kept: str) -> bytes:
    """Return the sealed bytes of a value as it is kept.

    Raises:
        SealBroken: it is nothing that was kept here.
    """
    try:
        return base64.b64decode(kept, validate=True)
    except ValueError as error:
        raise SealBroken("a header field is not kept in base64") from error


def opened(kept: Mapping[str, str], keyring: Keyring, endpoint_id: UUID) -> dict[str, str]:
    """Return header fields as they are sent.

    Raises:
        UnknownKey: one is sealed with a key that is not on the ring.
        SealBroken: the row was changed by somebody else.
    """
    return {name: opened_value(sealed, keyring, endpoint_id, name).decode("ascii") for name, sealed in kept.items()}


def _binding(endpoint_id: UUID, name: str) -> bytes:
    return b"webhook_endpoints.headers:" + endpoint_id.bytes + name.encode("ascii")
