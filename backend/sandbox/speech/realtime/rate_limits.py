"""The allowance of a session: counted as the vendor counts, but never exceeded."""

_REQUESTS = 1000
_TOKENS = 50_000
_PERIOD_S = 60


class RateLimits:
    """Requests and tokens of the running minute."""

    def __init__(self) -> None:
        self._period = -1.0
        self._requests = 0
        self._tokens = 0
        self._into_period = 0.0

    def spend(self, *, now: float, requests: int = 0, tokens: int = 0) -> None:
        """Count a response (`requests`) or what it used (`tokens`); `now` in seconds of any clock."""
        period, self._into_period = divmod(now, _PERIOD_S)
        if period != self._period:
            self._period, self._requests, self._tokens = period, 0, 0
        self._requests += requests
        self._tokens += tokens

    def wire(self) -> list[dict[str, object]]:
        reset_s = round(_PERIOD_S - self._into_period, 3)
        return [
            _limit("requests", _REQUESTS, self._requests, reset_s),
            _limit("tokens", _TOKENS, self._tokens, reset_s),
        ]


def _limit(name: str, most: int, spent: int, reset_s: float) -> dict[str, object]:
    return {"name": name, "limit": most, "remaining": max(most - spent, 0), "reset_seconds": reset_s}
