"""Pure: what a delivery report says of one mail of ours."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.mail.parsing.parsed import Report

UNCLEAR = "unclear"
_BAD_NEWS = frozenset({"failed", "delayed"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of a mail to its recipient; only a hard one counts against the address."""

    status: str
    hard: bool
    diagnostic: str


def failure_of(report: Report | None, recipient: str, *, ours: bool) -> Failure | None:
    """Return what a report says of a mail to a recipient; None where it says nothing of it.

    ``ours``: it came back to an address that only this mail had. Then a report about somebody else tells that the
    recipient passes mail on, and one without anything to read only that something went wrong.
    """
    told = [each for each in (report.recipients if report else ()) if each.action in _BAD_NEWS]
    about = next((each for each in told if each.address.lower() == recipient.lower()), None)
    if about is not None:
        hard = about.action == "failed" and about.status.startswith("5.")
        return Failure(about.status, hard, about.diagnostic)
    if not ours or (report is not None and report.recipients and not told):
        return None
    return Failure(told[0].status if told else UNCLEAR, hard=False, diagnostic=told[0].diagnostic if told else "")


def bad_news(report: Report | None) -> Sequence[str]:
    """Return the addresses of which a report says that something was not delivered."""
    return [each.address for each in (report.recipients if report else ()) if each.action in _BAD_NEWS]
