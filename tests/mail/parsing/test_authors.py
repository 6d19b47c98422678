"""Who wrote a mail: groups 11 and 12 of the nasty mails."""

import base64

import pytest

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import Address
from tests.mail.corpus import plain


def word(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


NOBODY: dict[str, tuple[str | bytes | None, str]] = {
    "no From": (None, "no_from"),
    "an empty From": ("", "no_mailbox"),
    "an empty group": ("undisclosed:;", "no_mailbox"),
    "two mailboxes": ("boss@ours.example, evil@x.example", "several_mailboxes"),
    "a group of two": ("both: boss@ours.example, evil@x.example;", "several_mailboxes"),
    "a name in quotes that spells an address": ('"boss@ours.example" <evil@x.example>', "name_spells_address"),
    "a bare name that spells an address": ("boss@ours.example <evil@x.example>", "name_spells_address"),
    "an encoded name that spells one and opens a bracket": (
        f"{word('boss@ours.example <')} <evil@x.example>",
        "name_spells_address",
    ),
    "an encoded name that spells a whole mailbox": (
        f"{word('Boss <boss@ours.example>')} <evil@x.example>",
        "name_spells_address",
    ),
    "an encoded name in quotes": (f'"{word("boss@ours.example")}" <evil@x.example>', "name_spells_address"),
    "a name with a wide at sign": (word("boss\uff20ours.example") + " <evil@x.example>", "name_spells_address"),
    "a comment that spells an address": ("evil@x.example (boss@ours.example)", "name_spells_address"),
    "a bracket where none belongs": ("boss@ours.example]<evil@x.example>", "name_spells_address"),
    "an encoded word with no address beside it": (word("boss@ours.example"), "bad_address"),
    "an encoded word in the brackets": (f"Boss <{word('boss@ours.example')}>", "bad_address"),
    "two pairs of brackets": ("<boss@ours.example> <evil@x.example>", "bad_address"),
    "words after the brackets": ("<boss@ours.example> evil@x.example", "bad_address"),
    "a bracket never closed": ("Boss <boss@ours.example", "bad_address"),
    "a quotation mark never closed": ('"Boss <boss@ours.example>', "bad_address"),
    "a parenthesis never closed": ("boss@ours.example (evil", "bad_address"),
    "a route": ("<@evil.example:boss@ours.example>", "bad_address"),
    "a quoted at sign": ('"boss@ours.example"@x.example', "bad_address"),
    "two at signs": ("boss@ours.example@x.example", "bad_address"),
    "a NUL in the address": (b"boss\0@ours.example", "bad_address"),
    "a turn of the writing in the address": ("boss\u202e@ours.example", "bad_address"),
    "a literal address": ("boss@[192.0.2.1]", "bad_address"),
    "a domain that cannot be": ("boss@-ours..example", "bad_address"),
    "a name alone": ("Ann Lee", "bad_address"),
}


@pytest.mark.parametrize(("sender", "fault"), NOBODY.values(), ids=NOBODY)
def test_nobody_is_the_author_of(sender: str | bytes | None, fault: str) -> None:
    mail = parse(plain(sender=sender))
    assert (mail.author, mail.author_fault) == (None, fault)


def test_nobody_is_the_author_by_the_first_of_two_from_fields() -> None:
    mail = parse(plain(sender="evil@x.example", headers=[("From", "Boss <boss@ours.example>")]))
    assert (mail.author, mail.author_fault) == (None, "several_from_fields")
    assert mail.shown_from == "Boss <boss@ours.example>, evil@x.example"


SOMEBODY: dict[str, tuple[str | bytes, Address]] = {
    "a plain mailbox": ("Ann Lee <Ann@VoIPco.Example>", Address("Ann Lee", "ann@voipco.example")),
    "a bare address": ("ann@voipco.example", Address("", "ann@voipco.example")),
    "a name in a comment": ("ann@voipco.example (Ann (the) Lee)", Address("Ann the Lee", "ann@voipco.example")),
    "a name that spells its own address": (
        '"Ann@voipco.example" <ann@voipco.example>',
        Address("Ann@voipco.example", "ann@voipco.example"),
    ),
    "a name with escaped quotes": (r'"Ann \"A\" Lee" <ann@x.example>', Address('Ann "A" Lee', "ann@x.example")),
    "a comma in quotes": ('"Lee, Ann" <ann@x.example>', Address("Lee, Ann", "ann@x.example")),
    "a comma without its quotes": ("Lee, Ann <ann@x.example>", Address("Lee, Ann", "ann@x.example")),
    "a comma in an encoded name": (f"{word('Lee, Ann')} <ann@x.example>", Address("Lee, Ann", "ann@x.example")),
    "an at sign between words": ("Support @ Night <a@x.example>", Address("Support @ Night", "a@x.example")),
    "a local part in needless quotes": ('"ann.lee"@x.example', Address("", "ann.lee@x.example")),
    "raw UTF-8": ("Иван Петров <ivan@x.example>".encode(), Address("Иван Петров", "ivan@x.example")),
    "raw KOI8-R": ("Иван Петров <ivan@x.example>".encode("koi8-r"), Address("Иван Петров", "ivan@x.example")),
    "raw windows-1251": ("Иван Петров <ivan@x.example>".encode("cp1251"), Address("Иван Петров", "ivan@x.example")),
    "a local part beyond ASCII": ("Иван <ИВАН@x.example>".encode(), Address("Иван", "иван@x.example")),
    "an international domain": ("Jo <jo@Bücher.example>", Address("Jo", "jo@xn--bcher-kva.example")),
    "a domain of look-alike letters": ("Boss <boss@\u043eurs.example>", Address("Boss", "boss@xn--urs-red.example")),
    "controls and turns of writing in the name": (
        word("A\u202enn\u0007 L\u0000ee") + " <ann@x.example>",
        Address("Ann L ee", "ann@x.example"),
    ),
}


@pytest.mark.parametrize(("sender", "author"), SOMEBODY.values(), ids=SOMEBODY)
def test_the_author_is_read_from(sender: str | bytes, author: Address) -> None:
    mail = parse(plain(sender=sender))
    assert (mail.author, mail.author_fault) == (author, None)


def test_reply_to_never_makes_the_author() -> None:
    mail = parse(plain(sender="", headers=[("Reply-To", "boss@ours.example"), ("Sender", "boss@ours.example")]))
    assert mail.author is None
