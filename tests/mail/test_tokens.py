"""Addresses and Message-IDs of ours: whoever has one was given it, and nobody makes another."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.infra.keyring import parse_keys
from app.mail.addressing import tokens

NUMBERS = st.integers(0, 2**63 - 1)
TICKET, PERSON = UUID(int=7), UUID(int=9)


def ring(*names: str) -> tokens.Keys:
    keys = (f"{name}:{base64.b64encode(name.encode() * 32).decode()}" for name in names)
    return tokens.keys_of(parse_keys(",".join(keys)))


KEYS = ring("a")


@given(NUMBERS, st.uuids(), st.uuids())
def test_a_reply_address_is_read_back_whatever_a_server_does_to_its_case(number: int, ticket: UUID, who: UUID) -> None:
    address = tokens.reply_address(KEYS, "support@example.com", number, ticket, who)
    for form in (address, address.upper(), f"<{address}>"):
        token = tokens.read_token(form)
        assert token is not None
        assert (token.kind, token.mailbox, token.number) == ("reply", "support@example.com", number)
        assert tokens.is_reply_of(KEYS, token, ticket, who)
        assert not tokens.is_bounce(KEYS, token)


@given(st.integers(0, 25), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_no_other_mac_is_believed(place: int, letter: str) -> None:
    address = tokens.reply_address(KEYS, "support@example.com", 41, TICKET, PERSON)
    local, _, domain = address.partition("@")
    mac = list(local[-26:])
    mac[place] = letter
    token = tokens.read_token(f"{local[:-26]}{''.join(mac)}@{domain}")
    assert token is not None
    assert tokens.is_reply_of(KEYS, token, TICKET, PERSON) == (token.mac == local[-26:])


def test_a_token_is_one_persons_on_one_ticket() -> None:
    token = tokens.read_token(tokens.reply_address(KEYS, "support@example.com", 41, TICKET, PERSON))
    assert token is not None
    assert not tokens.is_reply_of(KEYS, token, PERSON, TICKET)
    assert not tokens.is_reply_of(KEYS, token, TICKET, TICKET)


def test_an_old_key_of_the_ring_is_good_and_one_that_was_taken_out_is_not() -> None:
    token = tokens.read_token(tokens.reply_address(KEYS, "support@example.com", 41, TICKET, PERSON))
    key = tokens.message_key(KEYS, TICKET, "example.com")
    assert token is not None
    assert tokens.is_reply_of(ring("b", "a"), token, TICKET, PERSON)
    assert not tokens.is_reply_of(ring("b"), token, TICKET, PERSON)
    assert tokens.mail_of_key(ring("b", "a"), key) == TICKET
    assert tokens.mail_of_key(ring("b"), key) is None


@given(NUMBERS)
def test_what_cannot_be_delivered_names_the_mail(number: int) -> None:
    token = tokens.read_token(tokens.bounce_address(KEYS, "support@example.com", number))
    assert token is not None
    assert (token.kind, token.number) == ("bounce", number)
    assert tokens.is_bounce(KEYS, token)
    assert not tokens.is_reply_of(KEYS, token, TICKET, PERSON)


@given(st.uuids())
def test_a_message_id_of_ours_is_known_and_a_guessed_one_is_not(mail: UUID) -> None:
    key = tokens.message_key(KEYS, mail, "example.com")
    assert tokens.mail_of_key(KEYS, key) == mail
    assert tokens.mail_of_key(KEYS, key.upper()) == mail
    flipped = key.replace(key[31], "0" if key[31] != "0" else "1", 1)
    assert tokens.mail_of_key(KEYS, flipped) != mail or flipped == key


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "support@example.com",
        "support+1@example.com",
        "support+1.abc@example.com",
        "+1.x@y",
        "a+u.b@c",
        "x" * 500,
    ],
)
def test_what_has_no_token_is_read_as_such(address: str) -> None:
    assert tokens.read_token(address) is None


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_look_at(text: str) -> None:
    tokens.read_token(text)
    assert tokens.mail_of_key(KEYS, text) is None


def test_a_reply_address_fits_into_what_a_local_part_may_have() -> None:
    address = tokens.reply_address(KEYS, "a-support-box-of-20@example.com", 2**40, TICKET, PERSON)
    assert len(address.partition("@")[0]) <= 64
