"""What is sealed opens again, for what it was bound to, and only unchanged."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.keyring import Keyring, SealBroken, UnknownKey, kept_keys, key_id_of, new_key, parse_keys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEY = base64.b64encode(OLD).decode()


@given(
    plain=st.binary(max_size=200),
    bound_to=st.binary(max_size=60),
    key_id=st.from_regex(r"[\w.-]{1,32}", fullmatch=True, alphabet=st.characters(codec="ascii")),
)
def test_what_was_sealed_opens(plain: bytes, bound_to: bytes, key_id: str) -> None:
    ring = Keyring({key_id: OLD})

    sealed = ring.seal(plain, bound_to)

    assert ring.open(sealed, bound_to) == plain
    assert key_id_of(sealed) == key_id
    assert len(plain) < 4 or plain not in sealed


@given(data=st.data(), plain=st.binary(max_size=40))
def test_any_flipped_bit_is_refused(data: st.DataObject, plain: bytes) -> None:
    ring = Keyring({"a": OLD, "c": NEW})  # ids a bit apart: the id itself may be flipped into another key's
    sealed = bytearray(ring.seal(plain, b"row"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))

    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises((SealBroken, UnknownKey)):
        ring.open(bytes(sealed), b"row")


@given(data=st.data())
def test_bytes_that_were_cut_are_refused(data: st.DataObject) -> None:
    ring = Keyring({"a": OLD})
    sealed = ring.seal(b"a secret", b"row")

    with pytest.raises(SealBroken):
        ring.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], b"row")


@given(garbage=st.binary(max_size=60))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises((SealBroken, UnknownKey)):
        Keyring({"a": OLD}).open(garbage, b"row")


def test_it_opens_for_nothing_else() -> None:
    ring = Keyring({"a": OLD})

    with pytest.raises(SealBroken):
        ring.open(ring.seal(b"a secret", b"row 1"), b"row 2")


def test_a_key_is_not_known_by_its_id_alone() -> None:
    sealed = Keyring({"a": OLD}).seal(b"a secret", b"row")

    with pytest.raises(SealBroken):
        Keyring({"a": NEW}).open(sealed, b"row")


def test_two_sealings_of_one_secret_differ() -> None:
    ring = Keyring({"a": OLD})

    assert ring.seal(b"a secret", b"row") != ring.seal(b"a secret", b"row")


def test_the_first_key_seals_and_every_key_opens() -> None:
    before, ring = Keyring({"old": OLD}), Keyring({"new": NEW, "old": OLD})

    assert ring.open(before.seal(b"a secret", b"row"), b"row") == b"a secret"
    assert key_id_of(ring.seal(b"a secret", b"row")) == ring.current == "new"


def test_a_missing_key_is_named_with_what_to_do() -> None:
    sealed = Keyring({"old": OLD}).seal(b"a secret", b"row")

    with pytest.raises(UnknownKey, match=r"'old'.*TRUNKLINE_SECRET_KEYS.*rewrap-secrets") as refusal:
        Keyring({"new": NEW}).open(sealed, b"row")

    assert refusal.value.key_id == "old"


def test_a_ring_is_read_in_its_order() -> None:
    ring = parse_keys(f"2026:{base64.b64encode(NEW).decode()}, 2025:{KEY}")

    assert ring.key_ids == ("2026", "2025")
    assert parse_keys(new_key()).current.startswith("k")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no colon"),
        (KEY, "no colon"),
        (f"a:{KEY},", "no colon"),
        (f"a:{KEY},a:{KEY}", "'a' is there twice"),
        (f"a b:{KEY}", "1 to 32 characters"),
        (f":{KEY}", "1 to 32 characters"),
        (f"{'a' * 33}:{KEY}", "1 to 32 characters"),
        (f"a:{KEY[:-4]}", "'a' has 30 bytes"),
        ("a:", "'a' has 0 bytes"),
        (f"a:{KEY[:-2]}!", "'a' is not written in base64"),
        (f"a:{KEY}\n{KEY}", "base64"),
    ],
)
def test_a_ring_that_cannot_be_used_says_why_and_no_key(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        parse_keys(text)

    assert KEY[:8] not in str(refusal.value)


def test_the_keys_of_a_machine_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    made = kept_keys(tmp_path / "data")

    assert kept_keys(tmp_path / "data") == made
    assert stat.S_IMODE((tmp_path / "data" / "secret-keys").stat().st_mode) == 0o600
    assert parse_keys(made).key_ids
