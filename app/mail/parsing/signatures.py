# ruff: noqa: RUF001, SIM905 - tables of words in several alphabets, read best as lines
"""The signature below what was written: after "-- " (RFC 3676), or a line that a telephone adds."""

LONGEST = 10  # lines: what is longer below two dashes is text
_MOBILE = frozenset(
    "sent from my iphone|sent from my ipad|sent from my samsung galaxy smartphone|sent from my mobile|sent from outlook"
    "|sent from outlook for ios|sent from outlook for android|get outlook for ios|get outlook for android"
    "|sent from yahoo mail for iphone|sent from yahoo mail on android|sent from mail for windows"
    "|von meinem iphone gesendet|von meinem ipad gesendet|gesendet von mobile|envoyé de mon iphone"
    "|envoyé depuis mon iphone|enviado desde mi iphone|enviado do meu iphone|inviato da iphone"
    "|wysłane z iphone'a|wysłane z iphone’a|verstuurd vanaf mijn iphone|skickat från min iphone"
    "|отправлено с iphone|отправлено с ipad|надіслано з iphone|отправлено из мобильной яндекс.почты"
    "|отправлено из почты mail.ru|отправлено из мобильной почты mail.ru".split("|")
)


def without_signature(lines: list[str]) -> list[str]:
    """The lines above the signature; all of them where nothing stands above it."""
    for place in range(len(lines) - 1, max(len(lines) - 2 - 2 * LONGEST, 0), -1):
        if lines[place].rstrip() == "--" and not lines[place].startswith(" "):
            below = [line for line in lines[place + 1 :] if line.strip()]
            return lines[:place] if len(below) <= LONGEST else lines
    if len(lines) > 1 and _is_mobile(lines[-1]):
        return lines[:-1]
    return lines


def _is_mobile(line: str) -> bool:
    bare = line[:200].strip().lower().rstrip(".")
    name = bare.partition("<")[0].strip()  # "Get Outlook for iOS<https://aka.ms/...>"
    return name in _MOBILE or name.partition(" (http")[0] in _MOBILE
