"""Identifiers: a UUIDv7 behind a prefix on the wire (a TypeID), a plain ``uuid`` in the database.

A clock's is derived (``derived_id``), so that whoever reckons it names it alike.
The text form follows the TypeID specification 0.3: ``<prefix>_<26 characters of Crockford's base 32>``.
"""

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated
from uuid import UUID

import uuid_utils
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_LENGTH = 26


def new_id() -> UUID:
    """Return a fresh UUIDv7: ordered by the wall time at which it was made."""
    return UUID(int=uuid_utils.uuid7().int)


def derived_id(instant: datetime, rank: int, *parts: object) -> UUID:
    """Return the UUIDv8 that follows from an instant and what else is given, the same every time.

    In order of time, and of rank (below 4,096) where that is the same to the millisecond.
    """
    drawn = int.from_bytes(blake2b("\0".join(map(str, parts)).encode(), digest_size=10).digest())
    bits = (int(instant.timestamp() * 1000) & 0xFFFF_FFFF_FFFF) << 80 | drawn
    return UUID(int=bits & ~(0xFFFF << 64) & ~(0x3 << 62) | 0x8 << 76 | rank << 64 | 0x2 << 62)


def first_id_of(instant: datetime) -> UUID:
    """Return the least UUIDv7 of an instant's millisecond: a bound for ranges of ids. There is none before 1970."""
    return UUID(int=max(int(instant.timestamp() * 1000), 0) << 80)


def made_at(value: UUID) -> datetime:
    """Return the instant at which a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def encode(prefix: str, value: UUID) -> str:
    """Return the wire form of an id."""
    number = value.int
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def decode(prefix: str, text: str) -> UUID:
    """Return the id behind its wire form.

    Raises:
        ValueError: the text is not an id of this prefix.
    """
    head, _, tail = text.rpartition("_")
    if head != prefix or len(tail) != _LENGTH or tail[0] > "7" or not _VALUES.keys() >= set(tail):
        msg = f"not an id of the form {prefix}_ followed by {_LENGTH} characters"
        raise ValueError(msg)
    number = 0
    for character in tail:
        number = number << 5 | _VALUES[character]
    return UUID(int=number)


class Prefixed:
    """The validator and serializer of one prefix, for use in ``Annotated``."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def read(self, value: object) -> object:
        """Turn the wire form into a UUID; a UUID from our own tables passes."""
        return decode(self.prefix, value) if isinstance(value, str) else value

    def write(self, value: UUID) -> str:
        """Turn a UUID into the wire form."""
        return encode(self.prefix, value)

    def schema(self) -> WithJsonSchema:
        """Describe the wire form for OpenAPI."""
        example = encode(self.prefix, UUID("0192d3f1-8a4c-7b3e-9c55-1f2e3d4c5b6a"))
        return WithJsonSchema(
            {"type": "string", "pattern": f"^{self.prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", "examples": [example]}
        )


_RSL, _CTC, _TKT, _MSG, _CLK = (Prefixed(p) for p in ("rsl", "ctc", "tkt", "msg", "clk"))
_ESC, _ADP, _EVT, _WHE, _DLV, _RCV = (Prefixed(p) for p in ("esc", "adp", "evt", "whe", "dlv", "rcv"))
_KEY, _TCK, _POL, _CAL, _STF, _RCL = (Prefixed(p) for p in ("key", "tck", "pol", "cal", "stf", "rcl"))
_MWN, _WKL = (Prefixed(p) for p in ("mwn", "wkl"))
_ALM, _ALS = (Prefixed(p) for p in ("alm", "als"))
_MBX, _IML, _OML = (Prefixed(p) for p in ("mbx", "iml", "oml"))
_ATT, _WCH = (Prefixed(p) for p in ("att", "wch"))

ResellerId = Annotated[UUID, BeforeValidator(_RSL.read), PlainSerializer(_RSL.write, when_used="json"), _RSL.schema()]
ContactId = Annotated[UUID, BeforeValidator(_CTC.read), PlainSerializer(_CTC.write, when_used="json"), _CTC.schema()]
TicketId = Annotated[UUID, BeforeValidator(_TKT.read), PlainSerializer(_TKT.write, when_used="json"), _TKT.schema()]
MessageId = Annotated[UUID, BeforeValidator(_MSG.read), PlainSerializer(_MSG.write, when_used="json"), _MSG.schema()]
ClockId = Annotated[UUID, BeforeValidator(_CLK.read), PlainSerializer(_CLK.write, when_used="json"), _CLK.schema()]
EscalationId = Annotated[UUID, BeforeValidator(_ESC.read), PlainSerializer(_ESC.write, when_used="json"), _ESC.schema()]
PurchaseId = Annotated[UUID, BeforeValidator(_ADP.read), PlainSerializer(_ADP.write, when_used="json"), _ADP.schema()]
EventId = Annotated[UUID, BeforeValidator(_EVT.read), PlainSerializer(_EVT.write, when_used="json"), _EVT.schema()]
RecoveryId = Annotated[UUID, BeforeValidator(_RCV.read), PlainSerializer(_RCV.write, when_used="json"), _RCV.schema()]
EndpointId = Annotated[UUID, BeforeValidator(_WHE.read), PlainSerializer(_WHE.write, when_used="json"), _WHE.schema()]
DeliveryId = Annotated[UUID, BeforeValidator(_DLV.read), PlainSerializer(_DLV.write, when_used="json"), _DLV.schema()]
KeyId = Annotated[UUID, BeforeValidator(_KEY.read), PlainSerializer(_KEY.write, when_used="json"), _KEY.schema()]
TestClockId = Annotated[UUID, BeforeValidator(_TCK.read), PlainSerializer(_TCK.write, when_used="json"), _TCK.schema()]
PolicyId = Annotated[UUID, BeforeValidator(_POL.read), PlainSerializer(_POL.write, when_used="json"), _POL.schema()]
CalendarId = Annotated[UUID, BeforeValidator(_CAL.read), PlainSerializer(_CAL.write, when_used="json"), _CAL.schema()]
StaffId = Annotated[UUID, BeforeValidator(_STF.read), PlainSerializer(_STF.write, when_used="json"), _STF.schema()]
RecalculationId = Annotated[
    UUID, BeforeValidator(_RCL.read), PlainSerializer(_RCL.write, when_used="json"), _RCL.schema()
]
WindowId = Annotated[UUID, BeforeValidator(_MWN.read), PlainSerializer(_MWN.write, when_used="json"), _MWN.schema()]
WorkLogId = Annotated[UUID, BeforeValidator(_WKL.read), PlainSerializer(_WKL.write, when_used="json"), _WKL.schema()]
AlarmId = Annotated[UUID, BeforeValidator(_ALM.read), PlainSerializer(_ALM.write, when_used="json"), _ALM.schema()]
AlarmSourceId = Annotated[
    UUID, BeforeValidator(_ALS.read), PlainSerializer(_ALS.write, when_used="json"), _ALS.schema()
]
MailboxId = Annotated[UUID, BeforeValidator(_MBX.read), PlainSerializer(_MBX.write, when_used="json"), _MBX.schema()]
InboundMailId = Annotated[
    UUID, BeforeValidator(_IML.read), PlainSerializer(_IML.write, when_used="json"), _IML.schema()
]
OutgoingMailId = Annotated[
    UUID, BeforeValidator(_OML.read), PlainSerializer(_OML.write, when_used="json"), _OML.schema()
]
AttachmentId = Annotated[UUID, BeforeValidator(_ATT.read), PlainSerializer(_ATT.write, when_used="json"), _ATT.schema()]
WatcherId = Annotated[UUID, BeforeValidator(_WCH.read), PlainSerializer(_WCH.write, when_used="json"), _WCH.schema()]
