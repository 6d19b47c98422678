"""Wire shapes of resellers' plans, purchases and entitlements."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.auth.principals import Scope
from app.entitlements.minutes import State
from app.events.schemas import Notify
from app.infra.ids import CalendarId, KeyId, PolicyId, PurchaseId, RecalculationId, ResellerId, StaffId, TestClockId
from app.infra.wire import Answer, Change, Code, Duration, Instant, Line, Request
from app.resellers.brand_schemas import Brand
from app.resellers.mail_domains import MailDomains
from app.sla.localtime import zone_names
from app.sla.terms import Counting, Metric
from app.sla.words import Priority


def _known_zone(value: str) -> str:
    if value not in zone_names():  # the pinned data's, not the host's
        msg = "not an IANA time zone, such as Europe/London"
        raise ValueError(msg)
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone), Field(examples=["Europe/London"])]


class ResellerCreate(Request):
    """A new reseller; it begins on its plan at once."""

    name: Line
    plan: Code = Field(examples=["lite"])
    time_zone: TimeZone = "Europe/London"
    account_manager_id: StaffId | None = None
    technical_director_id: StaffId | None = None
    brand: Brand | None = None
    mail_domains: MailDomains = Field(default_factory=list)
    test_clock_id: TestClockId | None = None


class ResellerChange(Change):
    """What may be changed of a reseller. Null lets the default person be called, or takes the brand away."""

    nullable = frozenset({"account_manager_id", "technical_director_id", "brand"})

    name: Line | None = None
    time_zone: TimeZone | None = None
    account_manager_id: StaffId | None = None
    technical_director_id: StaffId | None = None
    brand: Brand | None = None
    mail_domains: MailDomains | None = None


class ResellerRead(Answer):
    """A reseller."""

    id: ResellerId
    name: str
    plan: str
    time_zone: str
    account_manager_id: StaffId | None
    technical_director_id: StaffId | None
    brand: Brand | None
    mail_domains: list[str] = Field(examples=[["example.com"]])
    test_clock_id: TestClockId | None
    created_at: Instant


class PlanChangeCreate(Request):
    """A change of plan, at once or from an instant on."""

    plan: Code = Field(examples=["professional"])
    effective_at: Instant | None = None
    notify: Notify = "each"


class PlanChangeRead(Answer):
    """A plan that a reseller is, was or will be on."""

    reseller_id: ResellerId
    plan: str
    effective_at: Instant


class PlanChanged(PlanChangeRead):
    """A change of plan that was agreed just now."""

    recalculation_id: RecalculationId | None = Field(
        description="The recalculation of live deadlines that follows, from the instant of the change on."
    )


class PlanChangeListed(PlanChangeRead):
    """A plan that a reseller is, was or will be on, and how long."""

    ends_at: Instant | None
    state: Literal["ended", "in_force", "scheduled"]


class PlanChangeData(BaseModel):
    """A change of plan, as an event carries it."""

    reseller_id: ResellerId
    plan: str
    effective_at: Instant


class KeyCreate(Request):
    """A new API key."""

    name: Line
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)]
    expires_at: Instant | None = None
    staff_id: StaffId | None = Field(default=None, description="For a key of the operator's: who holds it.")


class KeyRead(Answer):
    """An API key; never its secret."""

    id: KeyId
    reseller_id: ResellerId
    name: str
    role: Literal["reseller", "staff"]
    scopes: list[Scope]
    hint: str = Field(description="The last four characters of the secret.")
    expires_at: Instant | None
    last_used_at: Instant | None
    created_at: Instant


class KeyCreated(KeyRead):
    """A new key with its secret, which is shown this once."""

    secret: str


class PurchaseCreate(Request):
    """A purchase of an add-on."""

    product: Code = Field(examples=["icc_intelligent_hands"])
    starts_at: Instant | None = None
    reseller_id: ResellerId | None = Field(default=None, description="For staff: whose purchase it is.")


class PurchaseCancel(Request):
    """When a purchase is to end."""

    at: Literal["now", "period_end"]


class PurchaseRead(Answer):
    """A purchase of an add-on."""

    id: PurchaseId
    reseller_id: ResellerId
    product: str
    state: Literal["scheduled", "active", "ended", "cancelled"]
    starts_at: Instant
    ends_at: Instant | None
    price_minor: int | None
    currency: str | None
    included_minutes: int | None = Field(description="Minutes of each paid month; null: not limited.")
    warn_share: int = Field(description="The share of them, in basis points, at which a warning is raised.")
    overrun_minutes: int | None = Field(description="Minutes beyond them until they are exhausted; null: no cap.")
    cancelled_at: Instant | None
    created_at: Instant


class TargetRead(BaseModel):
    """A promise that a reseller is owed."""

    metric: Metric
    priority: Priority
    target: Duration
    counting: Counting


class Usage(BaseModel):
    """A paid month of Intelligent Hands, and what was used of its minutes."""

    add_on_purchase_id: PurchaseId
    product: str
    month_starts_at: Instant
    month_ends_at: Instant
    included_minutes: int | None = Field(description="Null: not limited.")
    used_minutes: int
    left_minutes: int | None = Field(description="What is left of the included minutes; null: not limited.")
    overrun_minutes: int | None = Field(description="Minutes beyond those included, until all are used; null: no cap.")
    state: State


class UsageData(Usage):
    """A paid month, as an event carries it."""

    reseller_id: ResellerId


class UsageRead(BaseModel):
    """The paid month at an instant; without an add-on in force then, `state` is `none`."""

    reseller_id: ResellerId
    at: Instant
    add_on_purchase_id: PurchaseId | None = None
    product: str | None = None
    month_starts_at: Instant | None = None
    month_ends_at: Instant | None = None
    included_minutes: int | None = None
    used_minutes: int
    left_minutes: int | None = None
    overrun_minutes: int | None = None
    state: State | Literal["none"]
    entries: str = Field(description="The path of the month's entries.")


class EntitlementQuery(Request):
    """Of which instant."""

    at: Instant | None = None


class EntitlementRead(BaseModel):
    """What a reseller is owed at an instant."""

    reseller_id: ResellerId
    at: Instant
    plan: str
    level: int
    level_code: str
    source: Literal["plan", "add_on"]
    hours: str
    calendar_id: CalendarId
    channels: list[str]
    telephone: bool
    branded: bool
    may_escalate: bool
    task_tickets: bool
    sla_policy_id: PolicyId
    targets: list[TargetRead]
    add_on_purchase_id: PurchaseId | None
    usage: Usage | None = Field(description="The paid month at that instant; null without an add-on in force then.")


class WhoAmI(BaseModel):
    """Who a key is."""

    role: Literal["reseller", "staff"]
    reseller_id: ResellerId
    reseller: str
    plan: str | None
    level: int | None
    key: KeyRead
    scopes: list[Scope]
    now: Instant = Field(description="The present instant for this reseller: its test clock's, if it has one.")
