"""What mail out needs to know of the desk, from the settings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from app.infra.settings import Settings
from app.mail.addressing.tokens import Keys, keys_of


@dataclass(frozen=True, slots=True)
class House:
    """The desk as it writes mail: its keys, its name and address, the address of the desk as a whole, its limits."""

    keys: Keys
    address: str
    name: str
    desk_address: str | None
    calls_before_digest: int
    digest_window: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the desk of some settings.

        Raises:
            SettingsError: there is no ring of keys.
        """
        return cls(
            keys_of(settings.keyring),
            settings.mail_from,
            settings.mail_name,
            settings.mail_desk_address,
            settings.mail_calls_before_digest,
            timedelta(minutes=settings.mail_digest_minutes),
        )
