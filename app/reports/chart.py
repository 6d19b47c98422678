"""Pure: the geometry of a chart of attainment, a bar for each group in each month."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 760.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 752.0, 18.0, 222.0
_COLOURS = ("#14507a", "#d17a22", "#3b8a5a", "#8a4fa0", "#b3922d", "#2b8c99", "#a8405c", "#6b7685")
_MOST_BARS = 120
_MOST_LABELS = 26
_WIDEST = 42.0
_GAP = 0.22  # of a month's width
_NAMED = 12  # months whose names have room


@dataclass(frozen=True, slots=True)
class Bar:
    """The attainment of a group in a month; None where nothing was decided."""

    group: str
    month: str
    attainment: float | None


@dataclass(frozen=True, slots=True)
class Text:
    """A word on the sheet."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar on the sheet."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    label: str
    title: str

    @property
    def named(self) -> Text:
        """The figure over it."""
        return Text(round(self.x + self.width / 2, 1), round(self.y - 4, 1), self.label)


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn; ``left_out`` is how many groups had no room."""

    bars: tuple[Drawn, ...]
    labels: tuple[Text, ...]
    scale: tuple[Text, ...]
    months: tuple[Text, ...]
    legend: tuple[tuple[str, str], ...]
    left_out: int
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = _RIGHT


def chart(bars: Iterable[Bar], months: Mapping[str, str], groups: Mapping[str, str], busiest: Sequence[str]) -> Chart:
    """Lay the bars out.

    Args:
        bars: What is to be shown.
        months: The names of the months, in order.
        groups: The names of the groups, in order.
        busiest: The groups by how much was decided in them, most first: these are shown where there is no room for all.
    """
    alone = bool(groups) and groups.keys() <= months.keys()  # grouped by month: a bar a month, all of one kind
    room = max(1, min(len(_COLOURS), _MOST_BARS // max(len(months), 1)))
    shown = list(groups) if alone else [group for group in groups if group in busiest[:room]]
    sheet = _Sheet(months, groups, {group: 0 if alone else place for place, group in enumerate(shown)})
    drawn = tuple(sheet.draw(bar, bar.attainment) for bar in bars if bar.attainment is not None and bar.group in shown)
    return Chart(
        bars=drawn,
        labels=tuple(bar.named for bar in drawn) if len(drawn) <= _MOST_LABELS else (),
        scale=tuple(Text(_LEFT - 8, _height(part / 4), f"{part * 25} %") for part in range(5)),
        months=_months(months),
        legend=() if alone else tuple((_COLOURS[place], groups[group]) for place, group in enumerate(shown)),
        left_out=len(groups) - len(shown),
    )


def _height(attainment: float) -> float:
    return round(_BOTTOM - attainment * (_BOTTOM - _TOP), 1)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What stands where: the months beside each other, in each a lane for each group."""

    months: Mapping[str, str]
    groups: Mapping[str, str]
    lanes: Mapping[str, int]

    def draw(self, bar: Bar, attainment: float) -> Drawn:
        lane, count = self.lanes[bar.group], max(self.lanes.values()) + 1
        slot = (_RIGHT - _LEFT) / len(self.months)
        width = min(slot * (1 - _GAP) / count, _WIDEST)
        middle = _LEFT + slot * (list(self.months).index(bar.month) + 0.5)
        top, said = _height(attainment), f"{attainment * 100:.1f}".removesuffix(".0")
        names = dict.fromkeys((self.groups[bar.group], self.months[bar.month]))  # one, where the group is the month
        return Drawn(
            x=round(middle + width * (lane - count / 2 + 0.04), 1),
            y=top,
            width=round(width * 0.92, 1),
            height=round(_BOTTOM - top, 1),
            colour=_COLOURS[lane],
            label=said,
            title=f"{', '.join(names)}: {said} %",
        )


def _months(names: Mapping[str, str]) -> tuple[Text, ...]:
    slot = (_RIGHT - _LEFT) / max(len(names), 1)
    every = -(-len(names) // _NAMED)
    return tuple(
        Text(round(_LEFT + slot * (place + 0.5), 1), _BOTTOM + 18, _short(name) if len(names) > 1 else name)
        for place, name in enumerate(names.values())
        if place % every == 0
    )


def _short(name: str) -> str:
    month, _, year = name.partition(" ")
    return f"{month[:3]} {year}"
