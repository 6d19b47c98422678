"""Pure: what stops a loop that no header tells, by counts alone."""

from datetime import timedelta

WINDOW = timedelta(hours=1)
NEW_TICKETS = 20
REOPENINGS = 3
MESSAGES = 20


def may_open(opened: int) -> bool:
    """Tell whether a sender may open another ticket, by how many their mails opened within the window."""
    return opened < NEW_TICKETS


def may_move(written: int) -> bool:
    """Tell whether a sender's mail on a ticket may have effects, by how many they wrote on it within the window."""
    return written < MESSAGES


def may_reopen(reopened: int) -> bool:
    """Tell whether a mail may reopen a ticket once more, by how often mails did within the window."""
    return reopened < REOPENINGS
