"""API key secrets: how they are made and what is kept of them.

A secret has 256 bits of randomness, so a plain SHA-256 is enough to keep (OWASP ASVS 5.0, 6.5: slow hashing
is for what people choose).
"""

import hashlib
import secrets

from app.auth.principals import Role

_PREFIXES = {Role.RESELLER: "tlr_", Role.STAFF: "tls_"}


def new_secret(role: Role) -> str:
    """Return a fresh secret; its prefix says whose it is, so that a leaked one can be told at sight."""
    return _PREFIXES[role] + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def likely_role(secret: str) -> Role:
    """Guess from the prefix whose key it is; a key that an operator chose has none and is taken for theirs."""
    return Role.RESELLER if secret.startswith(_PREFIXES[Role.RESELLER]) else Role.STAFF
