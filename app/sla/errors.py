"""What the arithmetic of promises refuses.

    ValueError
    ├── BadCalendar          a calendar that cannot be kept, with every reason
    ├── BadPolicy            a policy that cannot be kept, with every reason
    ├── IllegalTransition    an act that the state of a clock does not allow
    └── OutOfRange           an instant before year 1 or after year 9999

The core knows no HTTP: the edge decides what each of them is called there.
"""

from collections.abc import Iterable


class BadCalendar(ValueError):  # noqa: N818 - a refusal is named for what is refused
    """A calendar that is refused.

    Attributes:
        reasons: Every fault that was found, each with the place at which it stands.
    """

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons: tuple[str, ...] = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class BadPolicy(ValueError):  # noqa: N818 - a refusal is named for what is refused
    """A policy that is refused.

    Attributes:
        reasons: Every fault that was found, each with the place at which it stands.
    """

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons: tuple[str, ...] = tuple(reasons)
        super().__init__("; ".join(self.reasons))


class IllegalTransition(ValueError):  # noqa: N818 - a refusal is named for what is refused
    """An act that a clock in its state, or at that instant, cannot take."""


class OutOfRange(ValueError):  # noqa: N818 - a refusal is named for what is refused
    """An instant that no ``datetime`` can hold: before year 1 or after year 9999."""
