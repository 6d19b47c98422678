"""Ports for those who need one and do not mind which."""

import socket


def free_port(host: str = "127.0.0.1") -> int:
    """Ask the operating system for a port that nobody listens on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.bind((host, 0))
        port: int = one.getsockname()[1]
        return port
