"""Settings, read once by the roots and handed down; nothing else looks at the environment."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.infra.keyring import Keyring, parse_keys
from app.infra.outbound.addresses import parse_networks

_PRIORITY = "(critical|error|warning|info)=(immediate|priority|low)"
_PRIORITIES = f"^{_PRIORITY}(,{_PRIORITY})*$"
_ADDRESS = r"^[A-Za-z0-9.!#$%&'*/=?^_`{|}~-]+@[A-Za-z0-9.-]+$"
_NOWHERE = "support@trunkline.localhost"
_KEY = re.compile(r"[A-Za-z0-9_~.-]{32,}")


def _networks(value: str | None) -> str | None:
    if value is not None:
        parse_networks(value)
    return value


def _postgres(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        msg = "not the address of a PostgreSQL database, such as postgresql://user:password@host:5432/name"
        raise ValueError(msg)
    return value


def _key(value: str | None) -> str | None:
    if value is not None and not _KEY.fullmatch(value):
        raise ValueError("a key has 32 or more characters, each a letter, a digit or one of _ ~ . -")
    return value


def _keys(value: str | None) -> str | None:
    if value is not None:
        parse_keys(value)
    return value


def _mail_server(schemes: Sequence[str], *, signs_in: bool = False) -> Callable[[str | None], str | None]:
    def checked(value: str | None) -> str | None:
        if value is not None:
            _check_mail_server(value, schemes, signs_in=signs_in)
        return value

    return checked


def _check_mail_server(value: str, schemes: Sequence[str], *, signs_in: bool) -> None:
    try:
        parts = urlsplit(value)
        known = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        user = parts.username
    except ValueError:
        known, user = False, None
    if not known:
        msg = f"not the address of a mail server, such as {schemes[0]}://user:password@mail.example.com"
        raise ValueError(msg)
    if signs_in and not user:
        msg = f"names nobody to sign in as: write {schemes[0]}://user:password@mail.example.com"
        raise ValueError(msg)


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


class SettingsError(Exception):
    """A setting that cannot be used; the text says which and what to do."""


class Settings(BaseSettings):
    """What an operator sets; each field is the variable ``TRUNKLINE_<FIELD>`` but ``DATABASE_URL``."""

    model_config = SettingsConfigDict(env_prefix="TRUNKLINE_", frozen=True, extra="ignore")

    database_url: Annotated[str | None, BeforeValidator(_none_if_empty), AfterValidator(_postgres)] = Field(
        default=None, validation_alias="DATABASE_URL"
    )
    postgres_bin: Path | None = None
    data_dir: Path = Path(".trunkline")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    bootstrap_key: Annotated[str | None, BeforeValidator(_none_if_empty), AfterValidator(_key)] = None
    secret_keys: Annotated[str | None, BeforeValidator(_none_if_empty), AfterValidator(_keys)] = Field(
        default=None, repr=False
    )
    webhook_allowed_networks: Annotated[str | None, AfterValidator(_networks)] = None
    webhook_timeout_seconds: float = Field(default=15.0, gt=0, le=60)
    webhook_retry_scale: float = Field(default=1.0, gt=0, le=1)
    webhook_log_days: int = Field(default=30, ge=1, le=3650)
    event_days: int = Field(default=90, ge=1, le=3650)
    rate_limit_per_minute: int = Field(default=6000, ge=1)
    rate_limit_burst: int = Field(default=1000, ge=1)
    streams_per_key: int = Field(default=20, ge=1)
    streams_per_process: int = Field(default=1000, ge=1)
    alarm_priorities: Annotated[str, Field(pattern=_PRIORITIES)] = (
        "critical=immediate,error=priority,warning=low,info=low"
    )
    smtp_url: Annotated[
        str | None, BeforeValidator(_none_if_empty), AfterValidator(_mail_server(("smtp", "smtps", "smtp+starttls")))
    ] = Field(default=None, repr=False)
    imap_url: Annotated[
        str | None,
        BeforeValidator(_none_if_empty),
        AfterValidator(_mail_server(("imaps", "imap", "imap+starttls"), signs_in=True)),
    ] = Field(default=None, repr=False)
    mail_authserv_id: Annotated[str | None, BeforeValidator(_none_if_empty)] = None
    mail_from: Annotated[str, Field(pattern=_ADDRESS)] = Field(default=_NOWHERE, validate_default=True)
    mail_name: Annotated[str, Field(min_length=1, max_length=100)] = "Technical Support"
    mail_desk_address: Annotated[Annotated[str, Field(pattern=_ADDRESS)] | None, BeforeValidator(_none_if_empty)] = None
    mail_out_per_hour: int = Field(default=10_000, ge=1)
    mail_calls_before_digest: int = Field(default=5, ge=1)
    mail_digest_minutes: float = Field(default=5.0, gt=0, le=1440)
    mail_raw_days: int = Field(default=90, ge=1, le=3650)
    mail_lmtp_host: str = "127.0.0.1"
    mail_lmtp_port: int = Field(default=8024, ge=0, le=65_535)
    pool_size: int = Field(default=8, ge=1, le=100)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("mail_from")
    @classmethod
    def _is_reached(cls, value: str, known: ValidationInfo) -> str:
        if value == _NOWHERE and known.data.get("smtp_url") is not None:
            raise ValueError(
                f"mail goes out by TRUNKLINE_SMTP_URL, and nobody can answer {_NOWHERE}: name the desk's own address"
            )
        return value

    @cached_property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that webhooks may reach although they are not public."""
        return parse_networks(self.webhook_allowed_networks or "")

    @cached_property
    def keyring(self) -> Keyring:
        """The keys that secrets are sealed with.

        Raises:
            SettingsError: there are none.
        """
        if self.secret_keys is None:
            raise SettingsError(
                "TRUNKLINE_SECRET_KEYS is not set: the secrets of webhooks are sealed with it; write id:key, where the"
                " key is 32 random bytes in base64, and keep a copy: without it no secret opens again"
            )
        return parse_keys(self.secret_keys)


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a variable holds something that cannot be used; the text names it.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # values are validated by the model
    except ValidationError as error:
        raise SettingsError("\n".join(_said(fault["loc"], fault["msg"]) for fault in error.errors())) from None


def _said(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else "settings"
    variable = name if name == "DATABASE_URL" else f"TRUNKLINE_{name.upper()}"
    return f"{variable}: {message.removeprefix('Value error, ')}"
