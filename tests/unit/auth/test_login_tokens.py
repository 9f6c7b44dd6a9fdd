"""Refresh tokens, and what has the form of an access token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimetric.auth.bearer import hash_of
from trimetric.auth.login_tokens import LoginId, has_form_of_jwt, login_of_refresh_token, new_refresh_token
from trimetric.domain import ids

BODY = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=26, max_size=26)


@given(workspace=st.text("0123456789abcdef", min_size=16, max_size=16), user=BODY, session=BODY)
def test_a_refresh_token_names_its_login(workspace: str, user: str, session: str) -> None:
    login = LoginId(f"{ids.WORKSPACE}_{workspace}", f"{ids.USER}_{user}", f"{ids.LOGIN_SESSION}_{session}")
    token, another = new_refresh_token(login), new_refresh_token(login)
    assert login_of_refresh_token(token.text) == login
    assert token.hash == hash_of(token.text)
    assert token.text != another.text


@given(st.text())
def test_any_other_text_names_none(text: str) -> None:
    assert login_of_refresh_token(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.b.c", True),
        ("a.b", False),
        ("a.b.c.d", False),
        ("a.b.", False),
        ("a.b.c=", False),
        ("a.b." + "c" * 2048, False),
    ],
)
def test_the_form_of_a_jwt(text: str, expected: bool) -> None:
    assert has_form_of_jwt(text) is expected
