"""Wire shapes of secrets, of published keys, and of header fields of an endpoint's own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema

from app.infra.wire import Answer, Instant, Request
from app.sla.durations import parse_duration
from app.webhooks.custom_headers import MASK, MOST, fault_of_name, fault_of_value

Signature = Literal["v1", "v1a", "both"]
LONGEST_GRACE = timedelta(days=7)
_HEADERS: dict[str, str | None] = {"Authorization": "Bearer 5f2c1e"}


def _name(value: str) -> str:
    if fault := fault_of_name(value):
        raise ValueError(fault)
    return value


def _value(value: str) -> str:
    if fault := fault_of_value(value):
        raise ValueError(fault)
    return value


def _once_each(value: Mapping[str, str | None]) -> Mapping[str, str | None]:
    if len({name.lower() for name in value}) < len(value):
        msg = "names a header field twice: their names have no case"
        raise ValueError(msg)
    return value


def _masked(kept: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(kept, MASK)


def _grace(value: object) -> timedelta:
    if not isinstance(value, str | timedelta):
        msg = "a duration is written as ISO 8601 has it, such as PT12H"
        raise ValueError(msg)  # noqa: TRY004 - Pydantic takes a ValueError for a fault of the request
    span = parse_duration(value) if isinstance(value, str) else value
    if span > LONGEST_GRACE:
        msg = "a grace is at most P7D"
        raise ValueError(msg)
    return span


HeaderName = Annotated[str, AfterValidator(_name)]
HeaderValue = Annotated[str, AfterValidator(_value)]
HeadersGiven = Annotated[
    dict[HeaderName, HeaderValue], AfterValidator(_once_each), Field(max_length=MOST, examples=[_HEADERS])
]
HeadersChanged = Annotated[
    dict[HeaderName, HeaderValue | None], AfterValidator(_once_each), Field(max_length=2 * MOST, examples=[_HEADERS])
]
HeadersShown = Annotated[
    dict[str, Literal["***"]],
    BeforeValidator(_masked),
    Field(examples=[{"Authorization": MASK}], description="Sent with every delivery; their values are not shown."),
]
Grace = Annotated[
    timedelta,
    BeforeValidator(_grace),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["P1D"], "default": "PT24H"}),
]


class SecretLife(Answer):
    """A live secret, without itself."""

    scheme: Literal["v1", "v1a"]
    created_at: Instant
    expires_at: Instant | None = Field(description="Null for the newest of its scheme.")


class SecretRead(BaseModel):
    """What deliveries are signed with now."""

    secret: str | None = Field(description="The newest shared secret, which signs as `v1`; null if there is none.")
    public_key: str | None = Field(
        description="The newest public key, for signatures that are `v1a`; null if there is none.",
        examples=["whpk_gmz0hXr4FQx5ksoXlZjTBNe3JfYBDRzpxSLmtZlSTEc="],
    )
    live: list[SecretLife] = Field(description="Every secret whose signatures are sent, newest first.")


class Rotation(Request):
    """How an endpoint's secret is to be replaced."""

    grace: Grace = Field(
        default=timedelta(days=1),
        description="How long the last secret goes on signing beside the new one, PT0S to P7D. PT0S ends all older"
        " ones at once: for a secret that others have got hold of.",
    )
    signature: Signature | None = Field(
        default=None, description="Which scheme's secret. Left out, those that the endpoint signs by."
    )


class PublishedKey(BaseModel):
    """An Ed25519 public key as a JSON Web Key (RFC 8037), with its spelling by Standard Webhooks beside it."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"
    kid: str = Field(
        description="The key's thumbprint (RFC 7638).", examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]
    )
    x: str = Field(examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    whpk: str = Field(examples=["whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="])
    expires_at: Instant | None = Field(description="When it ends; null for the newest.")


class PublishedKeys(BaseModel):
    """A JWK set (RFC 7517, section 5): what deliveries to an endpoint may be signed with now, newest first."""

    keys: list[PublishedKey]
