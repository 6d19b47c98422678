"""Pure: what becomes of a mail as it is written: it goes out, or there is a reason why not, for staff to read."""

from typing import Literal

Fate = tuple[Literal["queued", "captured", "gathered", "suppressed"], str | None]

NO_SENDER = "there is no address to write from: give the brand a from_address, or the reseller a mailbox"
NOT_SENDABLE = "the recipient's address is none that plain SMTP takes"
SUSPENDED = "the recipient's address is suspended, since mail to it came back"
NO_LONGER_BRANDED = "the recipient is an end customer, and the reseller holds Branded no more"
TOO_MANY = "the recipient has had as many acknowledgements within the hour as anybody gets"
SANDBOX = "a reseller on a test clock: its mail is shown, and never sent"


def first_fate(
    *, has_sender: bool, is_sendable: bool, suspended: bool, too_many: bool, sandbox: bool, gathered: bool
) -> Fate:
    """Return the state that a mail begins in, with what there is to say about it."""
    for stopped, why in (
        (not has_sender, NO_SENDER),
        (not is_sendable, NOT_SENDABLE),
        (suspended, SUSPENDED),
        (too_many, TOO_MANY),
    ):
        if stopped:
            return "suppressed", why
    if sandbox:
        return "captured", SANDBOX
    return ("gathered" if gathered else "queued"), None
