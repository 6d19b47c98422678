"""Verifies a webhook by its Ed25519 signature (scheme v1a). Check the id and the timestamp as `verify.py` does."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify_v1a(public_keys: list[str], content: bytes, signatures: str) -> bool:
    """Tell whether one of the `whpk_` keys has signed the content, which is `{id}.{timestamp}.` and the raw bytes."""
    texts = [one.removeprefix("v1a,") for one in signatures.split(" ") if one.startswith("v1a,")]
    for key in public_keys:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        for text in texts:
            try:
                public.verify(base64.b64decode(text, validate=True), content)
            except (ValueError, InvalidSignature):
                continue
            return True
    return False
