"""Passwords and what it takes to guess them."""

from argon2 import extract_parameters
from argon2.low_level import Type

from trimetric.auth.passwords import MEMORY_KIB, TIME_COST, Passwords

CHEAP = {"time_cost": 1, "memory_kib": 8}


def test_a_hash_is_argon2id_with_the_documented_parameters() -> None:
    parameters = extract_parameters(Passwords().hash("correct horse battery"))
    assert parameters.type is Type.ID
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (TIME_COST, MEMORY_KIB, 1)
    assert (TIME_COST, MEMORY_KIB) == (3, 65_536)


def test_the_hash_of_nobody_costs_what_a_real_one_does_and_fits_nothing() -> None:
    passwords = Passwords(**CHEAP)
    real = passwords.hash("correct horse battery")
    nobodys = passwords._nobody()
    assert extract_parameters(nobodys) == extract_parameters(real)
    before = passwords.computed
    assert not passwords.is_right("correct horse battery", None)
    assert not passwords.is_right("another", real)
    assert passwords.is_right("correct horse battery", real)
    assert passwords.computed == before + 3


def test_only_other_parameters_are_outdated() -> None:
    old, new = Passwords(**CHEAP), Passwords(time_cost=2, memory_kib=8)
    assert new.is_outdated(old.hash("x"))
    assert not new.is_outdated(new.hash("x"))
    assert new.is_right("x", old.hash("x"))


def test_two_hashes_of_one_password_differ() -> None:
    passwords = Passwords(**CHEAP)
    assert passwords.hash("x") != passwords.hash("x")
