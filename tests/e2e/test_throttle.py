"""The limits of a minute, exact, over HTTP. Each test has a workspace of its own, so its window is fresh."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.conftest import Api
from trimetric.domain.workspaces import Plan


@pytest.mark.parametrize(("plan", "limit"), [(Plan.FREE, 60), (Plan.SUBSCRIBED, 300)], ids=["free", "subscribed"])
def test_request_beyond_the_limit_is_refused_with_its_headers(
    make_api: Callable[..., Api], plan: Plan, limit: int
) -> None:
    api = make_api(plan=plan)
    for count in range(limit):
        answer = api.get("/api/v1/workspace")
        assert answer.status_code == 200, f"request {count + 1}: {answer.text}"
        assert answer.headers["X-RateLimit-Limit"] == str(limit)
        assert answer.headers["X-RateLimit-Remaining"] == str(limit - 1 - count)
    refused = api.get("/api/v1/workspace")
    assert refused.status_code == 429
    assert refused.json()["error"] == {"code": "rate_limited", "message": "Too many requests", "status": 429}
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - (time.time() + wait)) <= 2


def test_fifty_at_once_on_a_fresh_window_of_sixty_all_pass(make_api: Callable[..., Api]) -> None:
    assert _burst(make_api(plan=Plan.FREE), 50) == Counter({200: 50})


def test_eighty_at_once_on_a_fresh_window_of_sixty_pass_exactly_sixty_times(make_api: Callable[..., Api]) -> None:
    assert _burst(make_api(plan=Plan.FREE), 80) == Counter({200: 60, 429: 20})


def test_window_comes_back_when_the_refusal_said(make_api: Callable[..., Api]) -> None:
    api = make_api(limit=3)
    for _ in range(3):
        assert api.get("/api/v1/workspace").status_code == 200
    wait = int(api.get("/api/v1/workspace").headers["Retry-After"])
    time.sleep(wait)
    assert api.get("/api/v1/workspace").status_code == 200


def _burst(api: Api, count: int) -> Counter[int]:
    def call(_: Any) -> int:
        return api.get("/api/v1/workspace").status_code

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(call, range(count)))
