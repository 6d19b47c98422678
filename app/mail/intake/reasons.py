"""Pure: why a mail is not simply done, as a code to branch on and a sentence for staff."""

from typing import Literal

State = Literal["done", "held", "quarantined", "rejected"]

REASONS: dict[str, tuple[State, str]] = {
    "dmarc_fail": ("quarantined", "the domain of its sender says that the mail is not from there (DMARC)"),
    "unknown_sender": ("held", "its sender is no contact, and no reseller has claimed the domain"),
    "ambiguous_sender": ("held", "its sender is a contact of several resellers: release it as one of them"),
    "wrong_reseller": ("held", "its sender belongs to another reseller than the ticket or the mailbox"),
    "unverified": ("held", "nothing proves that it is from its sender, and it would open a ticket"),
    "not_entitled": ("held", "its sender is an end customer, and the reseller does not hold Branded"),
    "too_many": ("held", "its sender has opened as many tickets within the hour as one may"),
    "staff_without_token": (
        "held",
        "it is from one of the desk's own, and not to an address given to them on a ticket",
    ),
    "nothing_written": ("held", "it is an answer of the desk's in which nothing was written and no file stands"),
    "ticket_ended": ("held", "it is an answer of the desk's on a ticket that has ended"),
    "automatic": ("rejected", "nobody wrote it, and it belongs to no ticket"),
    "own_mail": ("rejected", "it is a mail of the desk's own that came back"),
    "bounce_unknown": ("rejected", "it tells of a mail that was never sent to that recipient from here"),
    "bounce": ("done", "it tells that a mail was not delivered"),
    "duplicate": ("done", "the same mail was taken already"),
    "repeated_message_id": ("done", "another mail with the same Message-ID and another text was taken already"),
}
