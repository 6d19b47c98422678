# ruff: noqa: RUF001, SIM905 - tables of words in several alphabets, read best as lines
"""The line above a quote: "On 10 March 2026 at 12:00, Ann <ann@example.com> wrote:", in the languages of the clients.

A line is told by its shape: it has a date or a time, it ends with a colon, and it has a verb of the table or ends with
an address. No client puts less, and a sentence such as "On Monday he wrote:" has less.
"""

import re

LONGEST = 400
WRAPPED_OVER = 3

_VERBS = re.compile(
    r"(?<!\w)(?:wrote|schrieb|schreef|skrev|kirjoitti|(?:a|à)\s+écrit|escribió|escreveu|ha\s+scritto"
    r"|napisał(?:\(a\)|a)?|napisana|pisze"
    r"|пишет|писал(?:\(а\)|а)?|написал(?:\(а\)|а)?|пише|писав(?:\(ла\))?|писала|написав(?:\(ла\))?)(?!\w)",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)")
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_DATE = re.compile(r"(?<!\d)\d{1,4}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")
_ADDRESS = re.compile(r"[<(\[]\s?(?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]{1,255}[>)\]]")
_ENDS_WITH_ADDRESS = re.compile(r"@[^\s<>@]{1,255}>\)?\s?:$")
_STARTERS = frozenset(
    # words of the clients' templates
    "on am le el w il op em den dnia wiadomość у в"
    # days of the week: en, de, fr/es/it/pt, nl, sv, pl, ru, uk
    " mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday"
    " mo di mi do fr sa so lun mar mer jeu ven sam dim mié jue vie sáb dom gio seg ter qua qui sex"
    " ma wo vr za zo mån tis ons tor fre lör sön pon wt śr czw pt sob niedz"
    " пн вт ср чт пт сб вс нд понедельник вторник среда четверг пятница суббота воскресенье"
    " понеділок вівторок середа четвер п’ятниця субота неділя".split()
)


def is_attribution(line: str) -> bool:
    """Whether the line has the shape of an attribution; enough where a quote with its marks follows."""
    line = line.strip()
    if not line.endswith(":") or len(line) > LONGEST:
        return False
    told = _VERBS.search(line) is not None
    if not (_TIME.search(line) or _YEAR.search(line) or _DATE.search(line)):
        return told and _ADDRESS.search(line) is not None
    return (told and (_starts(line) or _ADDRESS.search(line) is not None)) or _ENDS_WITH_ADDRESS.search(
        line
    ) is not None


def is_certain(line: str) -> bool:
    """Whether nothing but a mail client writes this line, so that what follows is the quote even without its marks."""
    dated = _YEAR.search(line) or _DATE.search(line)
    return is_attribution(line) and bool(
        dated and _TIME.search(line) and (_ADDRESS.search(line) or _VERBS.search(line))
    )


def attribution(lines: list[str], first: int) -> int:
    """How many lines from ``first`` on are one attribution, which may be wrapped; 0 where there is none."""
    if is_attribution(lines[first]):
        return 1
    if not _has_a_number(lines[first]) or not _starts(lines[first]):
        return 0
    for count in range(2, WRAPPED_OVER + 1):
        rest = lines[first + count - 1 : first + count]
        if not rest or not rest[0].strip() or (is_attribution(rest[0]) and _starts(rest[0])):
            return 0
        if rest[0].rstrip().endswith(":") and is_certain(joined(lines, first, count)):
            return count
    return 0


def joined(lines: list[str], first: int, count: int) -> str:
    """A wrapped line as one; over-long lines are cut, for they are no attribution."""
    return " ".join(line[: LONGEST + 1].strip() for line in lines[first : first + count])


def _starts(line: str) -> bool:
    word = line[:60].strip().partition(" ")[0].strip(".,").lower()
    return word[:1].isdigit() or word in _STARTERS


def _has_a_number(line: str) -> bool:
    return len(line) <= LONGEST and _DIGIT.search(line) is not None
