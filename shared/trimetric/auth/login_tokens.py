"""What a login gives: an access token, which is a JWT, and a refresh token, which is used once.

A refresh token is `mtr_`, the workspace's 16 hex digits, the user's and the login's ids without prefix, and 64 random
hex digits; of the whole only the SHA-256 is stored.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from trimetric.auth.bearer import hash_of
from trimetric.auth.signing_keys import SigningKeys
from trimetric.domain import ids, times

ISSUER: Final = "trimetric"
AUDIENCE: Final = "metricis"
ALGORITHM: Final = "HS256"

_BODY: Final = "[0-9a-hjkmnp-tv-z]{26}"
_REFRESH: Final = re.compile(rf"mtr_([0-9a-f]{{16}})({_BODY})({_BODY})[0-9a-f]{{64}}")
#: Nothing longer is looked at.
_LONGEST_JWT: Final = 2048
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


#: Times are compared with our own clock, which tests can set.
_OPTIONS: Final[Any] = {
    "require": ["exp", "iat", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class LoginId(NamedTuple):
    """Which login a token belongs to."""

    workspace_id: str
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class NewRefreshToken:
    text: str
    hash: str


def new_refresh_token(login: LoginId) -> NewRefreshToken:
    bodies = [part.partition("_")[2] for part in login]
    text = f"mtr_{''.join(bodies)}{secrets.token_hex(32)}"
    return NewRefreshToken(text, hash_of(text))


def login_of_refresh_token(text: str) -> LoginId | None:
    match = _REFRESH.fullmatch(text)
    return match and LoginId(f"{ids.WORKSPACE}_{match[1]}", f"{ids.USER}_{match[2]}", f"{ids.LOGIN_SESSION}_{match[3]}")


def has_form_of_jwt(text: str) -> bool:
    return len(text) <= _LONGEST_JWT and _JWT.fullmatch(text) is not None


class AccessTokens:
    """Signs and reads them; PyJWT is imported when the first one is met."""

    def __init__(self, keys: SigningKeys, *, seconds: int, clock: Callable[[], datetime] = times.utc_now) -> None:
        self._keys = keys
        self.seconds = seconds
        self._clock = clock

    def issue(self, login: LoginId) -> str:
        import jwt

        key, now = self._keys.current(), self._now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": login.user_id,
            "ws": login.workspace_id,
            "sid": login.session_id,
            "iat": now,
            "exp": now + self.seconds,
        }
        return jwt.encode(claims, key.secret, algorithm=ALGORITHM, headers={"kid": key.id})

    def read(self, token: str) -> LoginId | None:
        """Whose it is; None unless it was signed with a live key, for this API, and has not ended."""
        import jwt

        try:
            key = self._keys.named(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            claims = jwt.decode(
                token, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS
            )
        except jwt.InvalidTokenError:
            return None
        return _login(claims) if claims["exp"] > self._now() else None

    def _now(self) -> int:
        return times.to_millis(self._clock()) // 1000


def _login(claims: dict[str, Any]) -> LoginId:
    return LoginId(str(claims["ws"]), str(claims["sub"]), str(claims["sid"]))
