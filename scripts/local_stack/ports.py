"""Which ports the stack takes, and a plain sentence when one is taken."""

import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
API_PORT = 8080
AWS_PORT = 4566


class PortTaken(Exception):
    """One sentence for the developer."""


def require_free(ports: Mapping[str, int]) -> None:
    """`ports` by what they are for."""
    taken = [f"{port} ({purpose})" for purpose, port in ports.items() if not is_free(port)]
    if taken:
        noun = "Port" if len(taken) == 1 else "Ports"
        verb = "is" if len(taken) == 1 else "are"
        raise PortTaken(
            f"{noun} {' and '.join(taken)} on {LOOPBACK} {verb} taken by another program, maybe another `make run`: "
            "stop it and try again."
        )


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listened on a moment ago."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
