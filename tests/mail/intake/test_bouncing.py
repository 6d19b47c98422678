"""Groups 22 and 23: what a delivery report says of one of our mails."""

from app.mail.intake.bouncing import Failure, failure_of
from app.mail.parsing.parsed import Report
from tests.mail.intake.mails import ANN, report


def test_a_failure_for_good_is_hard_and_what_may_pass_is_not() -> None:
    assert failure_of(report(), ANN.upper(), ours=False) == Failure("5.1.1", True, "550 no such user")
    for action, status in (("delayed", "4.4.1"), ("failed", "4.4.7"), ("delayed", "5.0.0")):
        found = failure_of(report(action=action, status=status), ANN, ours=False)
        assert found == Failure(status, False, "550 no such user")


def test_what_was_delivered_is_no_failure() -> None:
    for action in ("delivered", "relayed", "expanded"):
        assert failure_of(report(action=action, status="2.0.0"), ANN, ours=True) is None


def test_a_report_about_somebody_else_is_nothing_unless_it_came_back_to_the_mails_own_address() -> None:
    assert failure_of(report("eve@evil.example"), ANN, ours=False) is None
    assert failure_of(report("ann@elsewhere.example"), ANN, ours=True) == Failure("5.1.1", False, "550 no such user")


def test_a_report_without_anything_to_read_is_unclear() -> None:
    assert failure_of(None, ANN, ours=True) == failure_of(Report((), None), ANN, ours=True)
    assert failure_of(None, ANN, ours=True) == Failure("unclear", False, "")
    assert failure_of(None, ANN, ours=False) is None
