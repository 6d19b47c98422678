"""Sealing what is kept of answers with what only their caller holds: the secret of its key.

Of that secret the desk keeps a hash alone, so that neither the database nor a copy of it opens what is sealed.
"""

import hmac
import os
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LABEL = b"trunkline: a stored answer"
_NONCE = 12  # bytes, as NIST SP 800-38D has it for random ones


def seal(secret: str, plain: bytes, bound_to: bytes) -> bytes:
    """Return bytes that only the same secret opens, and only for what they are bound to."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(secret).encrypt(nonce, plain, bound_to)


def unseal(secret: str, sealed: bytes, bound_to: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        cryptography.exceptions.InvalidTag: by another secret, or for something else.
    """
    return _cipher(secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hmac.digest(secret.encode(), _LABEL, sha256))
