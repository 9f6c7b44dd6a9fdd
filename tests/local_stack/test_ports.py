"""A port that is taken is one sentence, not a traceback."""

import socket
from collections.abc import Iterator

import pytest

from scripts.local_stack.ports import LOOPBACK, PortTaken, free_ports, is_free, require_free

pytestmark = [pytest.mark.loopback, pytest.mark.allow_hosts([LOOPBACK])]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_what_it_is_for(taken: int) -> None:
    (free,) = free_ports(1)
    with pytest.raises(PortTaken) as refusal:
        require_free({"the API": taken, "the local cloud": free})
    message = str(refusal.value)
    assert message.startswith(f"Port {taken} (the API) on 127.0.0.1 is taken by another program")
    assert str(free) not in message
    assert "\n" not in message


def test_all_taken_ports_are_named_at_once(taken: int) -> None:
    with pytest.raises(PortTaken, match=rf"^Ports {taken} \(a\) and {taken} \(b\)"):
        require_free({"a": taken, "b": taken})


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)
    require_free({str(port): port for port in ports})
