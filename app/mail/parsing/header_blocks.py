# ruff: noqa: RUF001, SIM905 - tables of words in several alphabets, read best as lines
"""The block above a quote or a forward: From, Sent, To, Subject; and the lines of dashes that announce it.

One label proves nothing, for a sentence may begin with "From:". A block has three of them, the sender's first and a
subject among them: customers of a telephone desk write down calls as From, To and Date, and paste SIP messages.
"""

import re

LONGEST_BLOCK = 12  # lines: five fields, some of them wrapped, with empty lines between
_LABELS = {
    "from": "from von de da van från od от кого від от_кого",
    "date": "sent date gesendet datum envoyé enviado fecha data inviato verzonden skickat wysłano wysłane"
    " отправлено дата надіслано відправлено",
    "to": "to an à para a aan till do кому",
    "subject": "subject betreff objet asunto assunto oggetto onderwerp ämne temat тема",
    "copy": "cc kopie copia copie dw копия копія",
}
_KINDS = {word.replace("_", " "): kind for kind, words in _LABELS.items() for word in words.split()}
_LABEL = re.compile(r"[\s*_]{0,4}([^\W\d_]{1,12}(?: [^\W\d_]{1,6})?)[*_]{0,2}\s?:(?!//)")
_SIP = re.compile(r"(?<!\w)sips?:", re.IGNORECASE)
_RULED = re.compile(r"\s{0,3}-{2,20}\s?([^-]{4,60}?)\s?-{2,20}\s{0,3}")
_ORIGINAL = frozenset(
    "original message|original appointment|ursprüngliche nachricht|originalnachricht|message d'origine"
    "|message d’origine|message original|mensaje original|mensagem original|messaggio originale"
    "|oorspronkelijk bericht|ursprungligt meddelande|wiadomość oryginalna|oryginalna wiadomość"
    "|исходное сообщение|оригинальное сообщение|первоначальное сообщение|оригінальне повідомлення"
    "|вихідне повідомлення".split("|")
)
_FORWARDED = frozenset(
    "forwarded message|begin forwarded message|weitergeleitete nachricht|anfang der weitergeleiteten nachricht"
    "|message transféré|début du message transféré|début du message réexpédié|mensaje reenviado"
    "|inicio del mensaje reenviado|messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht"
    "|begin doorgestuurd bericht|mensagem encaminhada|mensagem reencaminhada|início da mensagem encaminhada"
    "|vidarebefordrat meddelande|wiadomość przekazana dalej|przekazana wiadomość"
    "|пересылаемое сообщение|перенаправленное сообщение|начало переадресованного сообщения"
    "|пересланное сообщение|переслане повідомлення|перенаправлене повідомлення".split("|")
)


def is_original(line: str) -> bool:
    """Whether the line is "-----Original Message-----" in one of the languages."""
    return _ruled(line) in _ORIGINAL


def is_forward(line: str) -> bool:
    """Whether the line announces a forwarded mail, which the desk has not seen and so is news."""
    bare = line.strip()[:80]
    return _ruled(line) in _FORWARDED or (bare.endswith(":") and bare.rstrip(": ").lower() in _FORWARDED)


def is_rule(line: str) -> bool:
    """Whether the line is Outlook's row of underscores."""
    bare = line.strip()
    return 10 <= len(bare) <= 200 and not bare.strip("_")  # noqa: PLR2004 - it has 32, converters make other numbers


def header_block(lines: list[str], first: int, *, announced: bool = False) -> int:
    """How many lines from ``first`` on are a block of headers; 0 where there is none.

    Its first line is the sender's. After a line that announces it, any field may be first, and two of them do.
    """
    kind = _kind(lines[first])
    if kind is None or (kind != "from" and not announced):
        return 0
    seen, end = {kind}, first + 1
    for place in range(first + 1, min(first + LONGEST_BLOCK, len(lines))):
        kind = _kind(lines[place])
        if kind == "from" and "from" in seen:
            break
        if kind is not None:
            seen.add(kind)
            end = place + 1
        elif place - end > 2:  # noqa: PLR2004 - a wrapped list of recipients, no more
            break
    enough = len(seen) > 1 if announced else len(seen) > 2 and "subject" in seen  # noqa: PLR2004 - the rule itself
    return end - first if enough and not any(_SIP.search(line[:300]) for line in lines[first:end]) else 0


def _kind(line: str) -> str | None:
    label = _LABEL.match(line[:40]) if ":" in line[:40] else None
    return _KINDS.get(label[1].lower()) if label else None


def _ruled(line: str) -> str | None:
    if "--" not in line or len(line) > 110:  # noqa: PLR2004 - two rows of dashes and the longest title
        return None
    ruled = _RULED.fullmatch(line)
    return ruled[1].strip().lower() if ruled else None
