"""Whose mail it is, by what our own mail server states and nobody else can (RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.intake.identity import read_statement, verdict
from app.mail.parsing.parsed import Address
from tests.mail.intake.mails import AUTHSERV

ANN = Address("Ann", "ann@voipco.example")
BOTH = "mx.operator.example; dmarc=pass header.from=voipco.example"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([BOTH], "verified"),
        (["MX.Operator.Example; DMARC=Pass Header.From=VoipCo.Example"], "verified"),
        (["mx.operator.example 1; dmarc/1=pass header.from=voipco.example"], "verified"),
        (["mx.operator.example; dmarc=pass"], "verified"),
        (["(us) mx.operator.example ; spf=pass smtp.mailfrom=x@y ; dmarc = pass (p; (x)) header.from=voipco.example"],
         "verified"),
        (['mx.operator.example; dmarc=pass reason="policy; dmarc=fail" header.from="voipco.example"'], "verified"),
        (["mx.operator.example; dmarc=fail header.from=voipco.example"], "failed"),
        (["mx.operator.example; dmarc=fail header.from=voipco.example", BOTH], "failed"),
        (["mx.other.example; dmarc=pass header.from=voipco.example", BOTH], "unverified"),
        (["mx.other.example; dmarc=fail header.from=voipco.example"], "unverified"),
        (["mx.operator.example; none", BOTH], "unverified"),
        ([""], "unverified"),
        ([], "unverified"),
        (["mx.operator.example; dmarc=none header.from=voipco.example"], "unverified"),
        (["mx.operator.example; dmarc=temperror"], "unverified"),
        (["mx.operator.example; dmarc=bestguesspass"], "unverified"),
        (["mx.operator.example; dmarc=pass header.from=evil.example"], "unverified"),
        (["mx.operator.example; dmarc=pass header.from=voipco.example.evil.example"], "unverified"),
        (["mx.operator.example; dmarc=pass header.from=evil.example; dmarc=pass"], "unverified"),
        (["mx.operator.example; dmarc=none; dmarc=pass header.from=voipco.example"], "unverified"),
        (["mx.operator.example; dmarc=pass header.from=voipco.example; dmarc=fail"], "failed"),
        (["mx.operator.example 2; dmarc=pass header.from=voipco.example"], "unverified"),
        (["mx.operator.example; dmarc/2=pass header.from=voipco.example"], "unverified"),
        (["mx.operator.example; spf=pass; dkim=pass header.d=voipco.example"], "unverified"),
        (['mx.operator.example; spf=pass smtp.mailfrom="; dmarc=pass header.from=voipco.example;"@e'], "unverified"),
        (["mx.operator.example; spf=none (; dmarc=pass header.from=voipco.example ;)"], "unverified"),
        (["mx.operator.example; dmarc=pass header.from=voipco.example (no end"], "unverified"),
        (['mx.operator.example; dmarc=pass header.from=voipco.example reason="no end'], "unverified"),
        (["; dmarc=pass header.from=voipco.example"], "unverified"),
    ],
)  # fmt: skip
def test_only_our_own_topmost_word_about_this_domain_verifies(fields: list[str], expected: str) -> None:
    assert verdict(fields, AUTHSERV, ANN) == expected


def test_where_our_server_has_no_name_nothing_is_verified_and_nothing_fails() -> None:
    assert verdict([BOTH], None, ANN) == "unverified"
    assert verdict(["mx.operator.example; dmarc=fail"], None, ANN) == "unverified"


def test_a_mail_without_one_author_is_never_verified() -> None:
    assert verdict([BOTH], AUTHSERV, None) == "unverified"


def test_a_domain_is_compared_as_the_dns_knows_it() -> None:
    author = Address("Jo", "jo@xn--bcher-kva.example")
    assert verdict(["mx.operator.example; dmarc=pass header.from=bücher.example"], AUTHSERV, author) == "verified"
    assert verdict(["mx.operator.example; dmarc=pass header.from=bucher.example"], AUTHSERV, author) == "unverified"


@given(st.text(alphabet=st.sampled_from('ab=;/ ()"\\.\x00'), max_size=200))
def test_any_field_is_read_or_refused(field: str) -> None:
    read_statement(field)


@given(st.text(max_size=60).map(lambda text: text.replace("\\", "\\\\").replace('"', '\\"')))
def test_nothing_in_quotes_is_a_statement(text: str) -> None:
    field = f'mx.operator.example; spf=pass smtp.mailfrom="{text}"; dmarc=fail'
    assert verdict([field], AUTHSERV, ANN) == "failed"
    assert verdict([field.removesuffix("; dmarc=fail")], AUTHSERV, ANN) == "unverified"


def test_a_long_field_is_read_in_a_line_through_it() -> None:
    assert read_statement("(" * 100_000) is None
    assert read_statement('mx; a=b c="' + "\\" * 100_001) is None
