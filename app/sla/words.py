"""The words that tickets and promises share: priorities and statuses, each listed here and nowhere else."""

from typing import Literal, get_args

Priority = Literal["immediate", "priority", "low"]
Status = Literal["new", "open", "pending", "on_hold", "resolved", "closed", "cancelled"]

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
"""The most pressing first."""

STATUSES: tuple[Status, ...] = get_args(Status)
