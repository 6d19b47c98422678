"""The catalogue as the desk sells it today, the policy behind its promises, and the operator's own row."""

import json
import secrets
from collections.abc import Sequence

import sqlalchemy as sa

from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Fixed ids, so that every desk names the same first versions alike.
OPERATOR = "0192d3f1-8a00-7000-8000-000000000001"
LITE_HOURS = "0192d3f1-8a00-7000-8000-000000000011"
ROUND_THE_CLOCK = "0192d3f1-8a00-7000-8000-000000000012"
POLICY = "0192d3f1-8a00-7000-8000-000000000021"

LEVELS = [
    (1, "lite_support", "Lite Support", ["email", "website"], False, False, False),
    (2, "technical_support", "Technical Support", ["email", "website"], True, False, False),
    (3, "icc_intelligent_hands", "ICC Intelligent Hands", ["email", "website"], True, True, False),
    (4, "branded_intelligent_hands", "Branded Intelligent Hands", ["email", "website"], True, True, True),
]
PLANS = [
    ("lite", "Lite", 1),
    ("professional", "Professional", 2),
    ("enterprise", "Enterprise", 2),
    ("ultimate", "Ultimate", 2),
]
PRODUCTS = [
    ("icc_intelligent_hands", "ICC Intelligent Hands", 3, False),
    ("branded_intelligent_hands", "Branded Intelligent Hands", 4, False),
    ("branded_intelligent_hands_telephone", "Branded Intelligent Hands with telephone", 4, True),
]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDARS = [(LITE_HOURS, "lite", ["08:00", "18:00"]), (ROUND_THE_CLOCK, "round_the_clock", ["00:00", "24:00"])]
TARGETS = {
    "immediate": {"first_response": {"span": "PT1H", "counting": "support_hours"}},
    "priority": {"first_response": {"span": "PT8H", "counting": "support_hours"}},
    "low": {
        "first_response": {"span": "PT48H", "counting": "elapsed"},
        "resolution": {"span": "PT48H", "counting": "elapsed"},
    },
}
WHOLE_LADDER = ["warning", "breach", "overdue"]
DEFINITION = {
    "calendars": {"1": "lite", "2": "round_the_clock", "3": "round_the_clock", "4": "round_the_clock"},
    "targets": {str(level): TARGETS for level in (1, 2, 3, 4)},
    "pauses": {"resolution": ["pending"], "periodic_update": ["pending"]},
    "steps": [
        {"code": "warning", "role": "desk", "at_share": 7_500},
        {"code": "breach", "role": "account_manager", "after_breach": "PT0S"},
        {"code": "overdue", "role": "technical_director", "after_targets": 10_000},
    ],
    "held": {"1": ["warning"], "2": WHOLE_LADDER, "3": WHOLE_LADDER, "4": WHOLE_LADDER},
    "acknowledge_for": {"immediate": "PT30M"},
}


def _insert(statement: str, **values: object) -> None:
    op.get_bind().execute(sa.text(statement), values)


def upgrade() -> None:
    for level, code, name, channels, may_escalate, task_tickets, branded in LEVELS:
        _insert(
            "insert into support_levels values"
            " (:level, :code, :name, cast(:channels as text[]), :esc, :task, :branded)",
            level=level,
            code=code,
            name=name,
            channels=channels,
            esc=may_escalate,
            task=task_tickets,
            branded=branded,
        )  # fmt: skip - one row, one line
    for position, (code, name, level) in enumerate(PLANS, 1):
        _insert(
            "insert into plans (code, name, level, position) values (:code, :name, :level, :position)",
            code=code,
            name=name,
            level=level,
            position=position,
        )  # fmt: skip - one row, one line
    for position, (code, name, level, telephone) in enumerate(PRODUCTS, 1):
        _insert(
            "insert into add_on_products (code, name, level, telephone, position)"
            " values (:code, :name, :level, :telephone, :position)",
            code=code,
            name=name,
            level=level,
            telephone=telephone,
            position=position,
        )  # fmt: skip - one row, one line
    for id_, code, opening in CALENDARS:
        definition = {"time_zone": "Europe/London", "weekly": {day: [opening] for day in DAYS}, "exceptions": {}}
        _insert(
            "insert into calendars (id, code, version, definition, created_at)"
            " values (cast(:id as uuid), :code, 1, cast(:definition as jsonb), now())",
            id=id_,
            code=code,
            definition=json.dumps(definition),
        )  # fmt: skip - one row, one line
    _insert(
        "insert into sla_policies (id, version, definition, calendars, created_at)"
        " values (cast(:id as uuid), 1, cast(:definition as jsonb), cast(:calendars as jsonb), now())",
        id=POLICY,
        definition=json.dumps(DEFINITION),
        calendars=json.dumps({code: id_ for id_, code, _ in CALENDARS}),
    )
    _insert(
        "insert into resellers (id, name, time_zone, is_operator, version, created_at)"
        " values (cast(:id as uuid), 'Operator', 'Europe/London', true, 1, now())",
        id=OPERATOR,
    )
    _insert("insert into desk_secrets (name, value) values ('cursors', :value)", value=secrets.token_bytes(32))


def downgrade() -> None:
    for table in (
        "desk_secrets",
        "resellers",
        "sla_policies",
        "calendars",
        "add_on_products",
        "plans",
        "support_levels",
    ):
        op.execute(f"delete from {table}")
