"""The pure rules of mail out: who is written to, when it is tried again, what is gathered."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from app.mail.outbox.digesting import Rush, after_one, is_gathered
from app.mail.outbox.fates import NO_SENDER, SUSPENDED, first_fate
from app.mail.outbox.recipients import PREFERENCES, Kind, Person, Written, recipients, told_of_message
from app.mail.outbox.retrying import is_final, next_delay

ANN = Person("customer", uuid4(), "Ann", "ann@x.example")
BOB = Person("reseller", uuid4(), "Bob", "bob@x.example")
EVE = Person("reseller", uuid4(), "Eve", "EVE@x.example")
MARIA = Person("staff", uuid4(), "Maria", "maria@op.example")
NOW = datetime(2026, 6, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (Written("desk", "staff", MARIA.id), [ANN, BOB]),
        (Written("desk", "key", None), [ANN, BOB]),
        (Written("customer", "contact", ANN.id), [BOB, MARIA]),
        (Written("customer", "contact", EVE.id), [ANN, BOB, MARIA]),
        (Written("customer", "key", None), [BOB, MARIA]),
    ],
)
def test_a_message_is_told_to_everybody_but_its_author(written: Written, told: list[Person]) -> None:
    people = told_of_message(written, ANN, [BOB], MARIA)

    assert recipients("reply", people, own=(), branded=True, author=written.author_id) == told


def test_each_is_told_once_and_nobody_who_has_no_address_or_ours() -> None:
    again = Person("reseller", uuid4(), "Bob again", "BOB@x.example")
    nobody = Person("reseller", uuid4(), "No", None)
    ours = Person("reseller", uuid4(), "Ours", "Desk+1jq.abc@op.example")

    assert recipients("reply", [BOB, again, nobody, ours], own={"desk@op.example"}, branded=True) == [BOB]


def test_end_customers_are_written_to_only_while_branded_is_in_force() -> None:
    assert recipients("status", [ANN, BOB], own=(), branded=False) == [BOB]


@pytest.mark.parametrize(("kind", "choice"), PREFERENCES.items())
def test_a_contact_gets_what_it_wants(kind: Kind, choice: str) -> None:
    wanted = Person("reseller", BOB.id, "Bob", BOB.address, {choice: True})
    unwanted = Person("reseller", BOB.id, "Bob", BOB.address, {choice: False})

    assert recipients(kind, [wanted], own=(), branded=True) == [wanted]
    assert recipients(kind, [unwanted], own=(), branded=True) == []
    assert recipients("call", [unwanted], own=(), branded=True) == [unwanted]


def test_a_mail_is_tried_for_two_days() -> None:
    delays = [next_delay(attempt) for attempt in range(1, 10)]

    assert delays[:4] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
    assert all(first < second for first, second in pairwise([delay for delay in delays if delay]))
    assert timedelta(days=1.9) < sum((delay for delay in delays if delay), timedelta(0)) < timedelta(days=2.1)
    assert next_delay(10) is None
    assert next_delay(1, chance=1.0) == timedelta(minutes=1.2)
    assert [is_final(code) for code in (None, 421, 450, 499, 500, 550, 599)] == [False] * 4 + [True] * 3


def test_calls_beyond_the_limit_are_gathered_until_they_are_told() -> None:
    rush, told = Rush(), []
    for _ in range(8):
        told.append(is_gathered(rush, 5))
        rush = after_one(rush, 5, NOW)

    assert told == [False] * 5 + [True] * 3
    assert rush == Rush(5, NOW)
    assert is_gathered(Rush(0, NOW), 5), "once some are gathered, so is what comes behind them"


def test_what_cannot_be_sent_says_why() -> None:
    fine = {
        "has_sender": True,
        "is_sendable": True,
        "suspended": False,
        "too_many": False,
        "sandbox": False,
        "gathered": False,
    }

    assert first_fate(**fine) == ("queued", None)
    assert first_fate(**fine | {"gathered": True})[0] == "gathered"
    assert first_fate(**fine | {"gathered": True, "sandbox": True})[0] == "captured"
    assert first_fate(**fine | {"suspended": True, "sandbox": True}) == ("suppressed", SUSPENDED)
    assert first_fate(**fine | {"has_sender": False}) == ("suppressed", NO_SENDER)
    assert first_fate(**fine | {"is_sendable": False})[0] == "suppressed"
    assert first_fate(**fine | {"too_many": True})[0] == "suppressed"
