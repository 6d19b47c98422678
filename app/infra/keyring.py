"""A stand-in of the keyring's shape: seals what is kept secret at rest with one key of the desk's."""

import hmac
import os
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes, as NIST SP 800-38D has it for random ones


class Keyring:
    """Seals bytes, and opens them again for what they are bound to."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(secret, b"trunkline: keyring", sha256))

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Return bytes that only this keyring opens, and only for what they are bound to."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            cryptography.exceptions.InvalidTag: by another key, or for something else.
        """
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
