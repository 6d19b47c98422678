"""Signatures of the Standard Webhooks specification 1.0.0, made and checked over bytes.

What is signed is `{id}.{timestamp}.{body}`: the id and the timestamp as their headers carry them, the body as it goes
over the wire. `v1` is HMAC-SHA256 (RFC 2104) with a shared `whsec_` secret, `v1a` is Ed25519 (RFC 8032) with a
`whsk_` private and a `whpk_` public key. One header may hold several signatures, which is how a secret is rotated.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import re
import secrets as randomness
from collections.abc import Iterator, Mapping, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECRET_BYTES = 32
TOLERANCE_SECONDS = 300

SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"

# The full stop divides what is signed: with one in the id, two messages could share one signature.
_ID = re.compile(r"[!-\-/-~]{1,256}")
# Twelve digits reach the year 33658; sign, space, fraction, leading zero and other scripts' digits are no timestamp.
_TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}")


def new_secret() -> str:
    """Return a fresh shared secret: 32 random bytes, in the specification's spelling."""
    return SHARED + _base64(randomness.token_bytes(SECRET_BYTES))


def new_private_key() -> str:
    """Return a fresh Ed25519 key: its seed and its public half, in the specification's spelling."""
    key = Ed25519PrivateKey.generate()
    return PRIVATE + _base64(key.private_bytes_raw() + key.public_key().public_bytes_raw())


def public_key_of(private: str) -> str:
    """Return the `whpk_` public key of a `whsk_` private one.

    Raises:
        ValueError: it is none.
    """
    return PUBLIC + _base64(_private_key(private).public_key().public_bytes_raw())


def public_bytes(public: str) -> bytes:
    """Return the 32 bytes of a `whpk_` public key.

    Raises:
        ValueError: it is none.
    """
    return _key_bytes(public, PUBLIC)


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature per secret, in the order given (newest first).

    A `whsk_` key among the secrets signs with Ed25519, every other one with HMAC.

    Raises:
        ValueError: no secret, one that is not base64 of a key, or an id or timestamp that cannot be signed safely.
    """
    if not secrets:
        raise ValueError("there is no secret to sign with")
    if not _ID.fullmatch(message_id):
        raise ValueError("a message id is printable ASCII without a full stop")
    if not _TIMESTAMP.fullmatch(str(timestamp)):
        raise ValueError("a timestamp is a count of whole seconds since 1970")
    content = _content(message_id, str(timestamp), body)
    return " ".join(_signature(secret, content) for secret in secrets)


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed message.

    Raises:
        ValueError: as `sign` does.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, message_id, timestamp, body),
    }


def verify(
    keys: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: int,
    tolerance: int = TOLERANCE_SECONDS,
) -> bool:
    """Tell whether one of the signatures was made by one of the keys, at most `tolerance` seconds from `now`.

    Keys are shared secrets and `whpk_` public keys. Nothing that a sender puts into the headers raises: it is an
    untrue signature. Unlike the reference libraries this compares the signature's own text, so that there is one
    spelling of it and no second.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        return False
    if abs(now - int(timestamp)) > tolerance:
        return False
    content = _content(message_id, timestamp, body)
    signatures = list(_entries(given.get("webhook-signature", "")))
    return any(_made_by(key, scheme, text, content) for key in keys for scheme, text in signatures)


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode("ascii") + body


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(PRIVATE):
        return "v1a," + _base64(_private_key(secret).sign(content))
    return "v1," + _hmac_text(_key_bytes(secret, SHARED), content)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _hmac_text(key: bytes, content: bytes) -> str:
    return _base64(hmac.digest(key, content, "sha256"))


def _entries(header: str) -> Iterator[tuple[str, str]]:
    """Yield scheme and signature of each well-formed entry; a malformed one does not end the search."""
    for entry in header.split(" "):
        scheme, comma, text = entry.partition(",")
        if comma and text.isascii():
            yield scheme, text


def _made_by(key: str, scheme: str, text: str, content: bytes) -> bool:
    """Compare within one scheme only: a right MAC under another label is a wrong one."""
    try:
        if key.startswith(PUBLIC):
            return scheme == "v1a" and _ed25519_matches(key, text, content)
        return scheme == "v1" and hmac.compare_digest(_hmac_text(_key_bytes(key, SHARED), content), text)
    except ValueError:  # a key that is none: it has signed nothing
        return False


def _ed25519_matches(key: str, text: str, content: bytes) -> bool:
    signature = base64.b64decode(text, validate=True)
    if _base64(signature) != text:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(_key_bytes(key, PUBLIC)).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _private_key(secret: str) -> Ed25519PrivateKey:
    """Read a `whsk_` key: the 32 bytes of the seed, usually followed by the 32 of the public key.

    Raises:
        ValueError: the length is another, or the public half belongs to another key.
    """
    raw = _key_bytes(secret, PRIVATE)
    key = Ed25519PrivateKey.from_private_bytes(raw[:SECRET_BYTES])
    if raw[SECRET_BYTES:] not in {b"", key.public_key().public_bytes_raw()}:
        raise ValueError("the halves of the private key do not belong together")
    return key


def _key_bytes(text: str, prefix: str) -> bytes:
    """Decode a key. The prefix and the padding may be missing: both are in use out there.

    Raises:
        ValueError: not standard base64 (RFC 4648, section 4), or nothing in it.
    """
    digits = text.removeprefix(prefix).rstrip("=")
    try:
        key = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError as error:
        raise ValueError("a key is written in base64") from error
    if not key:
        raise ValueError("a key may not be empty")
    return key
