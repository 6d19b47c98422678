"""The tables of the desk, as the models declare them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # A migration may not queue behind a long transaction and make everybody else queue behind it.
    op.execute("set local lock_timeout = '5s'")
    op.execute("create sequence ticket_numbers start 1001")
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
    )
    op.create_index(op.f("ix_calendars_code"), "calendars", ["code"], unique=False)
    op.create_table(
        "desk_secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_desk_secrets")),
    )
    op.create_table(
        "events",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("operator_only", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("written", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_events_feed", "events", ["reseller_id", "position"], unique=False)
    op.create_index("ix_events_id", "events", ["id"], unique=False)
    op.create_index("ix_events_position", "events", ["position"], unique=False)
    op.create_index(
        "ix_events_unpublished", "events", ["written"], unique=False, postgresql_where=sa.text("position is null")
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reseller_id", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"], unique=False)
    op.create_table(
        "publisher",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_publisher_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_publisher")),
    )
    op.create_table(
        "sla_clock_changes",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("counting", sa.String(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_sla_clock_changes")),
    )
    op.create_index("ix_sla_clock_changes_clock", "sla_clock_changes", ["reseller_id", "clock_id", "id"], unique=False)
    op.create_table(
        "sla_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("definition", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("calendars", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policies")),
        sa.UniqueConstraint("version", name=op.f("uq_sla_policies_version")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    op.create_table(
        "support_levels",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("may_escalate", sa.Boolean(), nullable=False),
        sa.Column("task_tickets", sa.Boolean(), nullable=False),
        sa.Column("branded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("level", name=op.f("pk_support_levels")),
        sa.UniqueConstraint("code", name=op.f("uq_support_levels_code")),
    )
    op.create_table(
        "test_clocks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("now_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("target_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("advanced_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_clocks")),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("reseller_id", "delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'delivered', 'failed', 'held')", name=op.f("ck_webhook_deliveries_state")
        ),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_webhook_deliveries")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint", "webhook_deliveries", ["reseller_id", "endpoint_id", "id"], unique=False
    )
    op.create_index("ix_webhook_deliveries_event", "webhook_deliveries", ["reseller_id", "event_id"], unique=False)
    op.create_index("ix_webhook_deliveries_id", "webhook_deliveries", ["id"], unique=False)
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "add_on_products",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("telephone", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.CheckConstraint("(price_minor is null) = (currency is null)", name=op.f("ck_add_on_products_price")),
        sa.ForeignKeyConstraint(["level"], ["support_levels.level"], name=op.f("fk_add_on_products_level")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_add_on_products")),
    )
    op.create_table(
        "plans",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["level"], ["support_levels.level"], name=op.f("fk_plans_level")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_plans")),
    )
    op.create_table(
        "resellers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("account_manager_id", sa.Uuid(), nullable=True),
        sa.Column("technical_director_id", sa.Uuid(), nullable=True),
        sa.Column("brand", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("ck_resellers_name")),
        sa.ForeignKeyConstraint(["account_manager_id"], ["staff.id"], name=op.f("fk_resellers_account_manager_id")),
        sa.ForeignKeyConstraint(
            ["technical_director_id"], ["staff.id"], name=op.f("fk_resellers_technical_director_id")
        ),
        sa.ForeignKeyConstraint(["test_clock_id"], ["test_clocks.id"], name=op.f("fk_resellers_test_clock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resellers")),
        sa.UniqueConstraint("number", name=op.f("uq_resellers_number")),
    )
    op.create_index(op.f("ix_resellers_test_clock_id"), "resellers", ["test_clock_id"], unique=False)
    op.create_index(
        "uq_resellers_operator", "resellers", ["is_operator"], unique=True, postgresql_where=sa.text("is_operator")
    )
    op.create_table(
        "add_on_purchases",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reseller_number", sa.Integer(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("agreed_ends_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("price_minor", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(reseller_number, reseller_number, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("state <> 'cancelled'"),
            using="gist",
            name="ex_add_on_purchases_overlap",
        ),
        sa.CheckConstraint(
            "ends_at is null or ends_at > starts_at or state in ('cancelled', 'ended')",
            name=op.f("ck_add_on_purchases_order"),
        ),
        sa.CheckConstraint(
            "state in ('scheduled', 'active', 'ended', 'cancelled')", name=op.f("ck_add_on_purchases_state")
        ),
        sa.ForeignKeyConstraint(["product"], ["add_on_products.code"], name=op.f("fk_add_on_purchases_product")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_add_on_purchases_reseller_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_add_on_purchases")),
        sa.UniqueConstraint("id", name=op.f("uq_add_on_purchases_id")),
    )
    op.create_index(
        "ix_add_on_purchases_due",
        "add_on_purchases",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state in ('scheduled', 'active')"),
    )
    op.create_table(
        "api_keys",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("role in ('reseller', 'staff')", name=op.f("ck_api_keys_role")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_api_keys_reseller_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_api_keys_staff_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("id", name=op.f("uq_api_keys_id")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_keys_secret_hash")),
    )
    op.create_table(
        "contacts",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('reseller_staff', 'end_customer')", name=op.f("ck_contacts_kind")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_contacts_reseller_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("id", name=op.f("uq_contacts_id")),
    )
    op.create_index("uq_contacts_email", "contacts", ["reseller_id", sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "plan_periods",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reseller_number", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(reseller_number, reseller_number, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_plan_periods_overlap",
        ),
        sa.CheckConstraint("ends_at is null or ends_at > starts_at", name=op.f("ck_plan_periods_order")),
        sa.ForeignKeyConstraint(["plan"], ["plans.code"], name=op.f("fk_plan_periods_plan")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_plan_periods_reseller_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_plan_periods")),
    )
    op.create_index(
        "ix_plan_periods_due", "plan_periods", ["starts_at"], unique=False, postgresql_where=sa.text("not announced")
    )
    op.create_table(
        "recalculations",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("cursor_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_recalculations_reseller_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_recalculations")),
        sa.UniqueConstraint("id", name=op.f("uq_recalculations_id")),
    )
    op.create_index(
        "ix_recalculations_due", "recalculations", ["at"], unique=False, postgresql_where=sa.text("finished_at is null")
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("secrets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_webhook_endpoints_reseller_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("id", name=op.f("uq_webhook_endpoints_id")),
    )
    op.create_table(
        "tickets",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("nextval('ticket_numbers')"), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("requested_priority", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("assignee_name", sa.String(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("custom_fields", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("external_ref", sa.String(), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("sla_policy_id", sa.Uuid(), nullable=False),
        sa.Column("sla_level", sa.Integer(), nullable=False),
        sa.Column("sla_status", sa.String(), nullable=False),
        sa.Column("next_due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_responded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closes_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, subject || ' ' || description)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("channel in ('email', 'website', 'telephone', 'alarm')", name=op.f("ck_tickets_channel")),
        sa.CheckConstraint("priority in ('immediate', 'priority', 'low')", name=op.f("ck_tickets_priority")),
        sa.CheckConstraint(
            "requested_priority in ('immediate', 'priority', 'low')", name=op.f("ck_tickets_requested_priority")
        ),
        sa.CheckConstraint(
            "sla_status in ('breached', 'at_risk', 'on_track', 'paused', 'met', 'none')",
            name=op.f("ck_tickets_sla_status"),
        ),
        sa.CheckConstraint(
            "status in ('new', 'open', 'pending', 'on_hold', 'resolved', 'closed', 'cancelled')",
            name=op.f("ck_tickets_status"),
        ),
        sa.CheckConstraint("type in ('incident', 'question', 'task')", name=op.f("ck_tickets_type")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "contact_id"],
            ["contacts.reseller_id", "contacts.id"],
            name=op.f("fk_tickets_reseller_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_tickets_reseller_id")),
        sa.ForeignKeyConstraint(["sla_policy_id"], ["sla_policies.id"], name=op.f("fk_tickets_sla_policy_id")),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("id", name=op.f("uq_tickets_id")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
    )
    op.create_index(
        "ix_tickets_closing",
        "tickets",
        ["closes_at"],
        unique=False,
        postgresql_where=sa.text("closes_at is not null and test_clock_id is null"),
    )
    op.create_index(
        "ix_tickets_closing_test",
        "tickets",
        ["test_clock_id", "closes_at"],
        unique=False,
        postgresql_where=sa.text("test_clock_id is not null"),
    )
    op.create_index("ix_tickets_external_ref", "tickets", ["reseller_id", "external_ref"], unique=False)
    op.create_index("ix_tickets_list", "tickets", ["reseller_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_tickets_live",
        "tickets",
        ["reseller_id", "id"],
        unique=False,
        postgresql_where=sa.text("status not in ('closed', 'cancelled')"),
    )
    op.create_index("ix_tickets_search", "tickets", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_tickets_updated", "tickets", ["reseller_id", "updated_at", "id"], unique=False)
    op.create_index("ix_tickets_urgency", "tickets", ["reseller_id", "next_due_at", "id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("author", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple'::regconfig, body)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("side in ('desk', 'customer')", name=op.f("ck_messages_side")),
        sa.CheckConstraint("visibility in ('public', 'internal')", name=op.f("ck_messages_visibility")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "ticket_id"],
            ["tickets.reseller_id", "tickets.id"],
            name=op.f("fk_messages_reseller_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint("id", name=op.f("uq_messages_id")),
    )
    op.create_index(
        "ix_messages_notes",
        "messages",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("visibility = 'internal'"),
    )
    op.create_index(
        "ix_messages_search",
        "messages",
        ["search"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("visibility = 'public'"),
    )
    op.create_index("ix_messages_ticket", "messages", ["reseller_id", "ticket_id", "id"], unique=False)
    op.create_table(
        "sla_clocks",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("counting", sa.String(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("anchor_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paused_since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("met_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("breached_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("passed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("quiet_until", sa.BigInteger(), nullable=True),
        sa.Column("withheld", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("wake_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("test_clock_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Text(),
            sa.Computed(
                "case\n when cancelled_at is not null then 'cancelled'\n when met_at is not null and breached_at is not null then 'met_late'\n when met_at is not null then 'met'\n when breached_at is not null then 'breached'\n when paused_since is not null then 'paused'\n else 'running' end",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("counting in ('support_hours', 'elapsed')", name=op.f("ck_sla_clocks_counting")),
        sa.CheckConstraint(
            "metric in ('first_response', 'next_response', 'periodic_update', 'resolution')",
            name=op.f("ck_sla_clocks_metric"),
        ),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_sla_clocks_calendar_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policies.id"], name=op.f("fk_sla_clocks_policy_id")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "ticket_id"],
            ["tickets.reseller_id", "tickets.id"],
            name=op.f("fk_sla_clocks_reseller_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_sla_clocks")),
        sa.UniqueConstraint("id", name=op.f("uq_sla_clocks_id")),
    )
    op.create_index(
        "ix_sla_clocks_ticket", "sla_clocks", ["reseller_id", "ticket_id", "metric", "started_at"], unique=False
    )
    op.create_index(
        "ix_sla_clocks_wake",
        "sla_clocks",
        ["wake_at"],
        unique=False,
        postgresql_where=sa.text("wake_at is not null and test_clock_id is null"),
    )
    op.create_index(
        "ix_sla_clocks_wake_test",
        "sla_clocks",
        ["test_clock_id", "wake_at"],
        unique=False,
        postgresql_where=sa.text("wake_at is not null and test_clock_id is not null"),
    )
    op.create_table(
        "ticket_history",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("operator_only", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reseller_id", "ticket_id"],
            ["tickets.reseller_id", "tickets.id"],
            name=op.f("fk_ticket_history_reseller_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_ticket_history")),
    )
    op.create_index("ix_ticket_history_ticket", "ticket_history", ["reseller_id", "ticket_id", "id"], unique=False)
    op.create_table(
        "escalations",
        sa.Column("reseller_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("called_staff_id", sa.Uuid(), nullable=True),
        sa.Column("called_name", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("raised_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("acknowledged_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("reason in ('sla_warning', 'sla_breach', 'manual')", name=op.f("ck_escalations_reason")),
        sa.CheckConstraint(
            "role in ('desk', 'account_manager', 'technical_director')", name=op.f("ck_escalations_role")
        ),
        sa.CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name=op.f("ck_escalations_state")),
        sa.ForeignKeyConstraint(["called_staff_id"], ["staff.id"], name=op.f("fk_escalations_called_staff_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clocks.id"], name=op.f("fk_escalations_clock_id")),
        sa.ForeignKeyConstraint(
            ["reseller_id", "ticket_id"],
            ["tickets.reseller_id", "tickets.id"],
            name=op.f("fk_escalations_reseller_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("reseller_id", "id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("id", name=op.f("uq_escalations_id")),
    )
    op.create_index("ix_escalations_list", "escalations", ["reseller_id", "state", "id"], unique=False)
    op.create_index("ix_escalations_ticket", "escalations", ["reseller_id", "ticket_id", "id"], unique=False)
    op.create_index(
        "uq_escalations_step",
        "escalations",
        ["clock_id", "step"],
        unique=True,
        postgresql_where=sa.text("clock_id is not null"),
    )


def downgrade() -> None:
    for table in (
        "escalations",
        "ticket_history",
        "sla_clocks",
        "messages",
        "tickets",
        "webhook_endpoints",
        "recalculations",
        "plan_periods",
        "contacts",
        "api_keys",
        "add_on_purchases",
        "resellers",
        "plans",
        "add_on_products",
        "workers",
        "webhook_deliveries",
        "webhook_attempts",
        "test_clocks",
        "support_levels",
        "staff",
        "sla_policies",
        "sla_clock_changes",
        "publisher",
        "idempotent_answers",
        "events",
        "desk_secrets",
        "calendars",
    ):
        op.drop_table(table)
    op.execute("drop sequence ticket_numbers")
