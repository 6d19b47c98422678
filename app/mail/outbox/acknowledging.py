"""Pure: how many acknowledgements somebody gets, whatever the mails say of themselves that they answer.

One per ticket, since a ticket is opened once; and few in an hour, so that two machines that answer each other stop.
"""

from datetime import timedelta

WITHIN = timedelta(hours=1)
MOST = 5


def is_one_too_many(earlier: int) -> bool:
    """Tell whether another acknowledgement is too many after so many within the hour."""
    return earlier >= MOST
