"""What became of an attempt to send: a closed list of reasons, and how failures are told apart."""

import ssl
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from app.infra.outbound.transport import UnsafeAddress
from app.infra.outbound.urls import UnsafeUrl


class Reason(StrEnum):
    """How an attempt ended. All but `ok` are failures."""

    OK = "ok"
    HTTP_STATUS = "http_status"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    CONNECTION_FAILED = "connection_failed"
    DNS_FAILED = "dns_failed"
    TLS_FAILED = "tls_failed"
    UNSAFE_ADDRESS = "unsafe_address"
    UNSAFE_URL = "unsafe_url"
    PROTOCOL_ERROR = "protocol_error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt. `status` is set as soon as the receiver gave one, even where its body then failed.

    `answer` is the beginning of the body as it came, `truncated` tells that there was more; `duration` is in seconds.
    `location` is where a redirect pointed, which is not followed. `first_byte` is when the answer's head had come, in
    seconds. `address` (the one that was last dialled) and `detail` are for operators: they may name addresses inside
    of their network.
    """

    reason: Reason
    status: int | None
    duration: float
    answer: bytes = b""
    truncated: bool = False
    retry_after: str | None = None
    detail: str = ""
    location: str | None = None
    first_byte: float | None = None
    address: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: a status from 200 to 299, and a body that ended or reached the limit."""
        return self.reason is Reason.OK


def reason_of_status(status: int) -> Reason:
    """Name what a final status means to a sender."""
    if httpx.codes.is_success(status):
        return Reason.OK
    return Reason.REDIRECT if httpx.codes.is_redirect(status) else Reason.HTTP_STATUS


# In this order: the first that any link of the chain is an instance of. httpx's own classes come last, as the aiohttp
# transport maps a refused connection to its timeout.
_REASONS: tuple[tuple[type[BaseException], Reason], ...] = (
    (UnsafeUrl, Reason.UNSAFE_URL),
    (UnsafeAddress, Reason.UNSAFE_ADDRESS),
    (aiohttp.ClientConnectorDNSError, Reason.DNS_FAILED),
    (aiohttp.ClientSSLError, Reason.TLS_FAILED),
    (ssl.SSLError, Reason.TLS_FAILED),
    (aiohttp.ClientResponseError, Reason.PROTOCOL_ERROR),
    (aiohttp.ClientPayloadError, Reason.PROTOCOL_ERROR),
    (aiohttp.InvalidURL, Reason.UNSAFE_URL),
    (httpx.InvalidURL, Reason.UNSAFE_URL),
    (httpx.UnsupportedProtocol, Reason.UNSAFE_URL),
    (TimeoutError, Reason.TIMEOUT),
    (OSError, Reason.CONNECTION_FAILED),
    (aiohttp.ClientConnectionError, Reason.CONNECTION_FAILED),
    (RuntimeError, Reason.CONNECTION_FAILED),  # uvloop's for a socket that is gone
)

# What a network can cause. A ValueError is not among them: it tells of a header that the caller may not send.
FAILURES = (
    *(httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, HttpProcessingError),
    *(OSError, RuntimeError, UnicodeError, UnsafeUrl),
)


def reason_of_failure(error: BaseException) -> Reason:
    """Tell failures apart by the whole chain of causes."""
    chain = _causes(error)
    for kind, reason in _REASONS:
        if any(isinstance(cause, kind) for cause in chain):
            return reason
    return Reason.PROTOCOL_ERROR


def explain(error: BaseException) -> str:
    """Describe the innermost cause, for operators."""
    if isinstance(error, UnsafeUrl):
        return error.detail or error.reason
    return repr(_causes(error)[-1])


def _causes(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    return chain
