"""Sealing what the desk must keep and be able to read again: AES-256-GCM under a ring of keys.

The first key of a ring seals, every one opens, so that keys can be changed while the desk runs. What is sealed says
by which key. It is opened only for what it was bound to: moved to another row it opens no more.

    1 byte: the form, 1 | 1 byte: length of the key's id | the id | 12 bytes: nonce | ciphertext and tag

All before the nonce is authenticated too, in front of what the bytes are bound to.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEYS_FILE = "secret-keys"
KEY_BYTES = 32
_FORM = 1
_NONCE = 12  # bytes, as NIST SP 800-38D has it for random ones
_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_HOW = "write id:key, where the key is 32 bytes in base64; several are separated by commas, the current one first"


class SealBroken(Exception):  # noqa: N818 - a state of what is kept
    """Bytes that are not what was sealed here, or that were sealed for something else."""


class UnknownKey(Exception):  # noqa: N818 - a state of the ring
    """The key that sealed is not on the ring; ``key_id`` names it."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"a secret is sealed with the key '{key_id}', which is not in TRUNKLINE_SECRET_KEYS: put that key back"
            " behind the current one, run 'trunkline rewrap-secrets', and take it out only when that says so"
        )
        self.key_id = key_id


class Keyring:
    """Keys by their ids, the current one first."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError(f"there is no key: {_HOW}")
        for key_id, key in keys.items():
            if not _ID.fullmatch(key_id):
                raise ValueError("a key's id has 1 to 32 characters, each a letter, a digit or one of _ . -")
            if len(key) != KEY_BYTES:
                raise ValueError(f"the key '{key_id}' has {len(key)} bytes: it takes {KEY_BYTES}")
        self.key_ids = tuple(keys)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._keys = tuple(keys.values())

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return self.key_ids[0]

    def derive(self, purpose: bytes) -> tuple[bytes, ...]:
        """Return a key of 32 bytes for a purpose of its own from each key of the ring, the current one first."""
        return tuple(HKDF(hashes.SHA256(), KEY_BYTES, None, purpose).derive(key) for key in self._keys)

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Return bytes that the current key opens, and only for what they are bound to."""
        head, nonce = head_of(self.current), os.urandom(_NONCE)
        return head + nonce + self._ciphers[self.current].encrypt(nonce, plain, head + bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            UnknownKey: by a key that is not on the ring.
            SealBroken: the bytes were changed, or sealed for something else.
        """
        key_id = key_id_of(sealed)
        if key_id not in self._ciphers:
            raise UnknownKey(key_id)
        head = head_of(key_id)
        nonce, body = sealed[len(head) : len(head) + _NONCE], sealed[len(head) + _NONCE :]
        try:
            return self._ciphers[key_id].decrypt(nonce, body, head + bound_to)
        except (InvalidTag, ValueError) as error:  # too short for a nonce or a tag is a ValueError
            raise SealBroken(f"what is sealed with the key '{key_id}' does not open: it was changed") from error


def key_id_of(sealed: bytes) -> str:
    """Return the id of the key that sealed.

    Raises:
        SealBroken: these bytes were not sealed here.
    """
    end = 2 + sealed[1] if len(sealed) > 1 else 0
    key_id = sealed[2:end].decode("ascii", "replace")
    if sealed[:1] != bytes([_FORM]) or not _ID.fullmatch(key_id) or len(sealed) < end:
        raise SealBroken("these bytes are nothing that was sealed here")
    return key_id


def head_of(key_id: str) -> bytes:
    """Return what everything begins with that a key has sealed."""
    return bytes([_FORM, len(key_id)]) + key_id.encode("ascii")


def parse_keys(text: str) -> Keyring:
    """Read a ring as ``TRUNKLINE_SECRET_KEYS`` writes it.

    Raises:
        ValueError: it cannot be used; the text says why and holds nothing of a key.
    """
    keys: dict[str, bytes] = {}
    for entry in text.split(","):
        key_id, colon, written = entry.strip().partition(":")
        if not colon:
            raise ValueError(f"an entry has no colon: {_HOW}")
        if key_id in keys:
            raise ValueError(f"the id '{key_id}' is there twice: each key has its own")
        try:
            keys[key_id] = base64.b64decode(written, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"the key '{key_id}' is not written in base64") from None
    return Keyring(keys)


def new_key() -> str:
    """Return a fresh key with a fresh id, as ``TRUNKLINE_SECRET_KEYS`` writes it."""
    return f"k{os.urandom(4).hex()}:{base64.b64encode(os.urandom(KEY_BYTES)).decode('ascii')}"


def kept_keys(data_dir: Path) -> str:
    """Return the ring of a desk on this machine, as written: made once, readable by its owner only.

    Its id is drawn, so that a file that was lost and made anew is not taken for the first.
    """
    path = data_dir / KEYS_FILE
    if path.exists():
        return path.read_text().strip()
    data_dir.mkdir(parents=True, exist_ok=True)
    made = new_key()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made + "\n")
    return made
