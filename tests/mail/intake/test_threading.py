"""Groups 15 to 19: to which ticket a mail belongs."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.intake.threading import Named, NewTicket, Thread, decide, is_forward, numbers_in

T, U = UUID(int=7), UUID(int=8)


@pytest.mark.parametrize(
    ("named", "forward", "verified", "threads"),
    [
        (Named(T, "token"), False, True, True),
        (Named(T, "token", here=False, may_speak=False), True, False, True),
        (Named(T, "link"), False, True, True),
        (Named(T, "link"), False, False, True),
        (Named(T, "link"), True, True, False),
        (Named(T, "link", here=False), False, True, False),
        (Named(T, "link", may_speak=False), False, True, False),
        (Named(T, "ancestor"), False, True, True),
        (Named(T, "ancestor"), True, True, False),
        (Named(T, "subject", takes_part=True), False, True, True),
        (Named(T, "subject", takes_part=True), False, False, False),
        (Named(T, "subject", takes_part=False), False, True, False),
        (Named(T, "subject", takes_part=True), True, True, False),
        (Named(T, "subject", takes_part=True, may_speak=False), False, True, False),
    ],
)
def test_what_names_a_ticket_opens_it_or_is_only_related(
    named: Named, forward: bool, verified: bool, threads: bool
) -> None:
    expected = Thread(T, named.by) if threads else NewTicket(T)
    assert decide([named], forward=forward, verified=verified) == expected


def test_the_strongest_that_opens_wins_and_nothing_named_is_new() -> None:
    weak, strong = Named(U, "link", here=False), Named(T, "ancestor")
    assert decide([weak, strong], forward=False, verified=True) == Thread(T, "ancestor")
    assert decide([Named(T, "token"), Named(U, "link")], forward=False, verified=True) == Thread(T, "token")
    assert decide([], forward=False, verified=True) == NewTicket(None)


@given(st.lists(st.builds(Named, st.uuids(), st.sampled_from(["link", "ancestor", "subject"]))))
def test_no_forward_threads_without_a_token(named: list[Named]) -> None:
    assert isinstance(decide(named, forward=True, verified=True), NewTicket)


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "Fwd: No audio",
            "FW: No audio",
            "Fw:No audio",
            "WG: Kein Ton",
            "TR: Pas de son",
            "RV: Sin audio",
            "I: Audio",
        ),
        *(
            "ENC: Sem audio",
            "Пересл: Нет звука",
            "ПЕРЕСЛ: Нет звука",
            "Fwd[2]: x",
            "VS: ääni",
            "PD: brak",
            "转发\uff1a没有声音",
        ),
        *("[TL-1042] Fwd: x", "  Fwd : x", "[list] [TL-1] WG: Re: x"),
    ],
)
def test_a_forward_is_told_by_its_outermost_prefix(subject: str) -> None:
    assert is_forward(subject)


@pytest.mark.parametrize(
    "subject", ["Re: Fwd: x", "AW: WG: x", "Forwarding fails", "Interim: x", "fw rules", "", "[x", "[" * 5000]
)
def test_what_is_no_forward(subject: str) -> None:
    assert not is_forward(subject)


def test_numbers_are_read_in_brackets_under_a_known_prefix() -> None:
    assert numbers_in("Re: [TL-1042] x [acme-7] [OTHER-9] TL-5", ["ACME"]) == [1042, 7]
    assert numbers_in("[TL-99999999999999999999999]", []) == []
