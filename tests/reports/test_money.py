"""Amounts as they are printed."""

import pytest

from app.reports.money import money


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1_699, "GBP", "16.99 GBP"),
        (5, "EUR", "0.05 EUR"),
        (0, "GBP", "0.00 GBP"),
        (123_456_789, "GBP", "1\u202f234\u202f567.89 GBP"),
        (1_699, "JPY", "1\u202f699 JPY"),
        (1_699, "KWD", "1.699 KWD"),
        (7, "TND", "0.007 TND"),
        (16_990, "CLF", "1.6990 CLF"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(minor: int, currency: str, written: str) -> None:
    assert money(minor, currency) == written
