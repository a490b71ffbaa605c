"""The official client against a local server that answers as the carrier does (twilio-google.md §4, §6.2)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from app.adapters.twilio import rest
from app.adapters.twilio.rest import CarrierCall, CarrierRecording, CarrierUnavailable, TwilioRest, redirected
from app.core.config import Settings
from app.core.errors import Unavailable

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
SECRET = "s3cr3t-auth-token"
CALL = "CA0123456789abcdef0123456789abcdef"
ROOT = f"/api/2010-04-01/Accounts/{ACCOUNT}"
SINCE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def call_json(number: int, **changes: object) -> dict[str, object]:
    started = SINCE + timedelta(minutes=number)
    return {
        "sid": f"CA{number:032x}",
        "from": "+15550100001",
        "to": "+15550100002",
        "status": "completed",
        "direction": "inbound",
        "start_time": f"{started:%a, %d %b %Y %H:%M:%S} +0000",
        "duration": "61",
        **changes,
    }


class Carrier:
    """A small HTTP server in the carrier's shape; tests set what it answers and read what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {}
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.delay_s = 0.0
        self.base = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = dict(parse_qsl(await request.text()))
        fields = {**request.query, **body}
        self.asked.append((request.method, request.path, fields, request.headers.get("Authorization", "")))
        await asyncio.sleep(self.delay_s)
        path = f"{request.path}?Page={request.query['Page']}" if "Page" in request.query else request.path
        status, answer = self.answers.get(path, (404, {"code": 20404, "message": "not found", "status": 404}))
        if isinstance(answer, bytes):
            return web.Response(status=status, body=answer)
        return web.Response(status=status, text=json.dumps(answer), content_type="application/json")


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    carrier = Carrier()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", carrier.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    carrier.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield carrier
    await runner.cleanup()


def settings_for(base: str) -> Settings:
    return Settings(
        _env_file=None, twilio_account_sid=ACCOUNT, twilio_auth_token=f"{SECRET},older", twilio_base_url=base
    )


@pytest.fixture
async def client(carrier: Carrier) -> AsyncIterator[TwilioRest]:
    client = TwilioRest(settings_for(carrier.base))
    yield client
    await client.close()


class TestCall:
    async def test_asks_with_our_credentials(self, carrier: Carrier, client: TwilioRest) -> None:
        carrier.answers[f"{ROOT}/Calls/{CALL}.json"] = (200, call_json(0))

        assert await client.call(CALL) == CarrierCall(f"CA{0:032x}", "+15550100001", "completed", SINCE, 61)
        method, path, _, authorization = carrier.asked[0]
        assert (method, path) == ("GET", f"{ROOT}/Calls/{CALL}.json")
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{ACCOUNT}:{SECRET}"

    async def test_a_call_the_carrier_does_not_know(self, client: TwilioRest) -> None:
        assert await client.call(CALL) is None


class TestHangUp:
    async def test_completes_the_call(self, carrier: Carrier, client: TwilioRest) -> None:
        carrier.answers[f"{ROOT}/Calls/{CALL}.json"] = (200, {"sid": CALL, "status": "completed"})

        await client.hang_up(CALL)

        assert [(method, fields) for method, _, fields, _ in carrier.asked] == [("POST", {"Status": "completed"})]

    @pytest.mark.parametrize(("status", "code"), [(400, 21220), (404, 20404)])
    async def test_a_call_that_is_over_is_fine(
        self, carrier: Carrier, client: TwilioRest, status: int, code: int
    ) -> None:
        carrier.answers[f"{ROOT}/Calls/{CALL}.json"] = (status, {"code": code, "message": "over", "status": status})

        await client.hang_up(CALL)

        assert len(carrier.asked) == 1

    async def test_other_refusals_are_not(self, carrier: Carrier, client: TwilioRest) -> None:
        carrier.answers[f"{ROOT}/Calls/{CALL}.json"] = (400, {"code": 21218, "message": "invalid", "status": 400})

        with pytest.raises(CarrierUnavailable):
            await client.hang_up(CALL)


class TestCallsTo:
    async def test_reads_every_page(self, carrier: Carrier, client: TwilioRest) -> None:
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        first = {"calls": [call_json(2), call_json(1)], "page": 0, "next_page_uri": f"{path}?Page=1&PageToken=PAx"}
        carrier.answers[f"{ROOT}/Calls.json"] = (200, first)
        carrier.answers[f"{ROOT}/Calls.json?Page=1"] = (200, {"calls": [call_json(0)], "next_page_uri": None})

        calls = await client.calls_to("+15550100002", SINCE)

        assert [call.carrier_call_id for call in calls] == [f"CA{n:032x}" for n in (2, 1, 0)]
        assert calls[-1] == CarrierCall(f"CA{0:032x}", "+15550100001", "completed", SINCE, 61)
        assert calls[-1].is_over
        assert carrier.asked[0][2] == {"To": "+15550100002", "StartTime>": "2026-11-23T12:00:00Z", "PageSize": "200"}
        assert carrier.asked[1][2]["PageToken"] == "PAx"

    async def test_only_calls_that_came_in_since(self, carrier: Carrier, client: TwilioRest) -> None:
        calls = [
            call_json(1, direction="outbound-dial"),
            call_json(-5),
            call_json(3, start_time=None, duration=None, status="ringing"),
        ]
        carrier.answers[f"{ROOT}/Calls.json"] = (200, {"calls": calls, "next_page_uri": None})

        assert await client.calls_to("+15550100002", SINCE) == [
            CarrierCall(f"CA{3:032x}", "+15550100001", "ringing", None, None)
        ]


class TestRecordings:
    RECORDING = f"{ROOT}/Recordings/RE1"

    async def test_of_a_call(self, carrier: Carrier, client: TwilioRest) -> None:
        found = {"sid": "RE1", "status": "completed", "duration": "12", "channels": 2, "source": "RecordVerb"}
        running = {"sid": "RE2", "status": "processing", "duration": "-1", "channels": 1}
        page = {"recordings": [found, running], "next_page_uri": None}
        carrier.answers[f"{ROOT}/Calls/{CALL}/Recordings.json"] = (200, page)

        url = f"{carrier.base}{ROOT}/Recordings"
        assert await client.recordings_of(CALL) == [
            CarrierRecording("RE1", "completed", 12, 2, f"{url}/RE1", is_voicemail=True),
            CarrierRecording("RE2", "processing", None, 1, f"{url}/RE2"),
        ]

    async def test_of_a_call_nobody_knows(self, client: TwilioRest) -> None:
        assert await client.recordings_of(CALL) == []

    @pytest.mark.parametrize("host", ["{base}/api", "https://api.twilio.com"])
    async def test_audio_is_fetched_where_the_carrier_is(self, carrier: Carrier, client: TwilioRest, host: str) -> None:
        carrier.answers[f"{self.RECORDING}.wav"] = (200, b"RIFF....WAVE")
        url = f"{host.format(base=carrier.base)}/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1"

        assert await client.fetch_recording(url) == b"RIFF....WAVE"
        _, _, fields, authorization = carrier.asked[0]
        assert fields == {"RequestedChannels": "2"}
        assert authorization.startswith("Basic ")

    async def test_no_such_audio(self, carrier: Carrier, client: TwilioRest) -> None:
        with pytest.raises(CarrierUnavailable, match="no such recording"):
            await client.fetch_recording(f"{carrier.base}{self.RECORDING}")

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/2010-04-01/Recordings/RE1",
            "https://api.twilio.com@evil.example/RE1",
            "https://eviltwilio.com/RE1",
            "http://api.twilio.com.evil.example/RE1",
            "http://api.twilio.com/RE1",
            "file:///etc/passwd",
            "",
        ],
    )
    async def test_our_credentials_go_to_the_carrier_only(self, carrier: Carrier, client: TwilioRest, url: str) -> None:
        with pytest.raises(CarrierUnavailable, match="not at the carrier"):
            await client.fetch_recording(url)

        assert carrier.asked == []

    async def test_audio_without_end(
        self, carrier: Carrier, client: TwilioRest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rest, "_MOST_AUDIO_BYTES", 1000)
        carrier.answers[f"{self.RECORDING}.wav"] = (200, b"x" * 1001)

        with pytest.raises(CarrierUnavailable, match="too long"):
            await client.fetch_recording(f"{carrier.base}{self.RECORDING}")


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "answer"),
        [
            (401, {"code": 20003, "message": "Authenticate", "status": 401}),
            (429, {"code": 20429, "message": "Too many", "status": 429}),
            (500, b"<html>oops</html>"),
            (503, b""),
            (200, b"no json"),
            (200, []),
            (200, b'{"calls": "x", "recordings": 7}'),
        ],
    )
    async def test_every_one_is_unavailable(
        self, carrier: Carrier, client: TwilioRest, status: int, answer: object
    ) -> None:
        for path in (f"{ROOT}/Calls.json", f"{ROOT}/Calls/{CALL}/Recordings.json"):
            carrier.answers[path] = (status, answer)

        with pytest.raises(Unavailable) as calls:
            await client.calls_to("+15550100002", SINCE)
        with pytest.raises(Unavailable) as recordings:
            await client.recordings_of(CALL)
        for error in (calls.value, recordings.value):
            assert error.code == "carrier_unavailable"
            assert error.__cause__ is None
            assert not any(secret in str(error) for secret in (SECRET, ACCOUNT, "+1555"))

    async def test_an_account_that_does_not_exist(self, client: TwilioRest) -> None:
        with pytest.raises(Unavailable, match="no such account"):
            await client.calls_to("+15550100002", SINCE)

    async def test_nobody_listens(self) -> None:
        client = TwilioRest(settings_for("http://127.0.0.1:9"))

        with pytest.raises(Unavailable):
            await client.call(CALL)
        with pytest.raises(Unavailable):
            await client.fetch_recording(f"http://127.0.0.1:9{ROOT}/Recordings/RE1")
        await client.close()

    async def test_no_answer_in_time(
        self, carrier: Carrier, client: TwilioRest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rest, "_TIMEOUT_S", 0.05)
        carrier.delay_s = 5.0

        with pytest.raises(Unavailable, match="TimeoutError"):
            await client.call(CALL)


class TestWhereRequestsGo:
    @pytest.mark.parametrize(
        ("base", "url", "expected"),
        [
            ("", "https://api.twilio.com/2010-04-01/x", "https://api.twilio.com/2010-04-01/x"),
            ("http://h:1", "https://api.twilio.com/2010-04-01/x?Page=1", "http://h:1/api/2010-04-01/x?Page=1"),
            ("http://h:1/base", "https://verify.twilio.com/v2/x", "http://h:1/base/verify/v2/x"),
            ("http://h:1", "https://api.dublin.ie1.twilio.com/x", "http://h:1/api/x"),
        ],
    )
    def test_redirected(self, base: str, url: str, expected: str) -> None:
        assert redirected(base, url) == expected

    async def test_the_environment_changes_nothing(self, carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_EDGE", "dublin")
        monkeypatch.setenv("TWILIO_REGION", "ie1")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC_of_somebody_else")
        carrier.answers[f"{ROOT}/Calls/{CALL}.json"] = (200, {"sid": CALL, "status": "ringing"})
        client = TwilioRest(settings_for(carrier.base))

        call = await client.call(CALL)

        assert call is not None
        assert call.status == "ringing"
        await client.close()

    async def test_without_a_base_it_is_the_carrier_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_EDGE", "dublin")
        client = TwilioRest(settings_for(""))

        assert urlsplit(client._client.get_hostname("https://api.twilio.com/x")).hostname == "api.twilio.com"
        await client.close()
