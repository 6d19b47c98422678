"""Ports: whether the one that is to be listened on is free, and one for those who do not mind which."""

import errno
import socket

from app.infra.settings import SettingsError


def _check(host: str, port: int) -> None:
    """Find out whether a process may listen on a port.

    Raises:
        SettingsError: it may not; the text names the port and the settings.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            one.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = f"port {port} on {host} is taken: stop what listens there, or set TRUNKLINE_PORT to a free port"
        else:
            said = f"cannot listen on port {port} of {host}: {error.strerror}; see TRUNKLINE_HOST and TRUNKLINE_PORT"
        raise SettingsError(said) from None


def settled_port(host: str, port: int) -> int:
    """Return the port to listen on: the one that is asked for, or, for 0, any that nobody listens on.

    Raises:
        SettingsError: it is taken; the text names the port and the settings.
    """
    if port:
        _check(host, port)
        return port
    return free_port(host)


def free_port(host: str = "127.0.0.1") -> int:
    """Ask the operating system for a port that nobody listens on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.bind((host, 0))
        free: int = one.getsockname()[1]
        return free
