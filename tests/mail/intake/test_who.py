"""Whose a mail is."""

from uuid import UUID

import pytest

from app.mail.intake.who import Known, NewContact, Nobody, Signs, Stranger, Whose, whose

A, B = UUID(int=1), UUID(int=2)
ANN, BEN = Known(UUID(int=11), A), Known(UUID(int=12), B)


@pytest.mark.parametrize(
    ("mailbox", "token", "known", "domain", "verified", "expected"),
    [
        (None, None, [ANN], None, True, ANN),
        (None, None, [ANN], None, False, ANN),
        (None, None, [ANN], B, True, ANN),
        (None, None, [ANN, BEN], None, True, Nobody("ambiguous_sender")),
        (None, None, [], None, True, Nobody("unknown_sender")),
        (None, None, [], A, True, NewContact(A)),
        (None, None, [], A, False, Nobody("unknown_sender")),
        (None, A, [ANN, BEN], None, True, ANN),
        (None, B, [ANN, BEN], None, True, BEN),
        (None, B, [ANN], None, True, Nobody("wrong_reseller")),
        (None, B, [ANN], None, False, Nobody("wrong_reseller")),
        (None, B, [], A, True, Nobody("wrong_reseller")),
        (None, B, [], B, True, NewContact(B)),
        (None, B, [], B, False, Stranger(B)),
        (None, B, [], None, True, Stranger(B)),
        (A, None, [ANN, BEN], None, True, ANN),
        (A, None, [BEN], None, True, Nobody("unknown_sender")),
        (A, None, [], A, True, NewContact(A)),
        (A, None, [], A, False, Nobody("unknown_sender")),
        (A, None, [], B, True, Nobody("unknown_sender")),
        (A, A, [], None, False, Stranger(A)),
        (A, A, [BEN], None, True, Nobody("wrong_reseller")),
        (A, B, [BEN], None, True, Nobody("wrong_reseller")),
    ],
)
def test_mailbox_token_and_address_tell_whose_it_is(
    mailbox: UUID | None, token: UUID | None, known: list[Known], domain: UUID | None, verified: bool, expected: Whose
) -> None:
    assert whose(Signs(mailbox, token, known, domain, verified)) == expected
