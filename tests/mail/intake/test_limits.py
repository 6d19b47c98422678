"""Group 20: an answering machine that no header tells stops by counts alone."""

from app.mail.intake.limits import NEW_TICKETS, REOPENINGS, may_open, may_reopen


def test_a_responder_without_any_mark_opens_twenty_tickets_of_two_hundred() -> None:
    opened = 0
    for _ in range(200):
        opened += may_open(opened)
    assert opened == NEW_TICKETS == 20


def test_and_reopens_a_ticket_three_times() -> None:
    reopened = 0
    for _ in range(200):
        reopened += may_reopen(reopened)
    assert reopened == REOPENINGS == 3
