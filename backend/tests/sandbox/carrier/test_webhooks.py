"""Webhooks over the wire: form, headers, signature, retries, fallback, callbacks."""

import asyncio
import json
from base64 import urlsafe_b64decode
from urllib.parse import unquote

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse
from twilio.request_validator import RequestValidator

from sandbox.carrier.overrides import Overrides, split
from sandbox.carrier.signing import sign
from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.conftest import ACCOUNT, CALLER, NUMBER, TOKEN, Carrier
from tests.sandbox.carrier.servers import free_port

_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
_FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
_BODY_HASH = "bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"


class TestSignature:
    """The vendor's own vectors (twilio-google.md §1.5)."""

    @pytest.mark.parametrize(
        ("url", "fields", "signature"),
        [
            (_URL, _FIELDS, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (_URL.replace(".com", ".com:443"), _FIELDS, "kvajT1Ptam85bY51eRf/AJRuM3w="),
            (_URL.replace("https", "http").replace(".com", ".com:80"), _FIELDS, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            (_URL.replace("https", "http").replace(".com", ".com:1234"), _FIELDS, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
            (
                _URL,
                [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
                "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            ),
            (f"{_URL}&{_BODY_HASH}", [], "a9nBmqA0ju/hNViExpshrM61xv4="),
        ],
    )
    def test_equals_the_published_one(self, url: str, fields: list[tuple[str, str]], signature: str) -> None:
        assert sign("12345", url, fields) == signature

    async def test_of_a_webhook_satisfies_the_official_validator(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Reject/>"
        async with carrier.ring(params={"StirVerstat": "TN-Validation-Passed-A"}):
            hook = await app.hook("/calls/inbound")

        validator = RequestValidator(TOKEN)
        assert validator.validate(f"{app.url}/calls/inbound", hook.fields, hook.headers["x-twilio-signature"])
        assert hook.fields["StirVerstat"] == "TN-Validation-Passed-A"

    async def test_of_an_upgrade_is_over_the_bare_address(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f'<Connect><Stream url="{app.stream_url}?secret=1"/></Connect>'
        async with carrier.ring():
            stream = await app.stream()

        assert stream.url == app.stream_url
        assert stream.headers["x-twilio-signature"] == sign(TOKEN, app.stream_url)


async def test_the_request_has_the_vendors_form(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = "<Reject/>"
    async with carrier.ring() as handset:
        hook = await app.hook("/calls/inbound")

    wanted = {
        "CallSid": handset.call_sid,
        "AccountSid": ACCOUNT,
        "CallStatus": "ringing",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        **dict.fromkeys(("From", "Caller"), CALLER),
        **dict.fromkeys(("To", "Called"), NUMBER),
    }
    places = {
        end + place for end in ("From", "To", "Caller", "Called") for place in ("City", "State", "Zip", "Country")
    }
    assert wanted.items() <= hook.fields.items()
    # The vendor adds fields without notice, and so does the sandbox now and then.
    assert hook.fields.keys() - {"NewParameter"} == wanted.keys() | places | {"CallToken"}
    assert list(hook.fields) == sorted(hook.fields)
    assert hook.fields["FromCity"] == ""
    assert set(hook.headers) - {"content-length"} == {
        *("host", "connection", "content-type", "i-twilio-idempotency-token", "x-twilio-signature", "accept"),
        *("x-home-region", "user-agent", "accept-encoding"),
    }
    assert hook.headers["user-agent"] == "TwilioProxy/1.1"
    assert hook.headers["content-type"] == "application/x-www-form-urlencoded; charset=UTF-8"


async def test_only_the_first_request_carries_a_call_token(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = "<Redirect>/calls/next</Redirect>"
    app.replies["/calls/next"] = "<Hangup/>"
    async with carrier.ring(params={"StirVerstat": "TN-Validation-Passed-A"}) as handset:
        after = await app.hook("/calls/next")

    tokens = json.loads(unquote(app.at("/calls/inbound")[0].fields["CallToken"]))
    passport = tokens["identityHeaderTokens"][0].partition(";")[0].split(".")[1]
    assert _claims(tokens["parentCallInfoToken"].split(".")[1])["callSid"] == handset.call_sid
    assert _claims(passport)["attest"] == "A"
    assert "CallToken" not in after.fields
    assert after.fields["StirVerstat"] == "TN-Validation-Passed-A"


def _claims(part: str) -> dict[str, object]:
    claims: dict[str, object] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


async def test_a_hang_up_does_not_take_a_request_back(app: CalledApp, carrier: Carrier) -> None:
    has_come, has_ended, was_answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hesitate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"ToZip=")
        has_come.set()
        await has_ended.wait()
        await asyncio.sleep(0.1)
        if not reader.at_eof():
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            was_answered.set()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hesitate, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        app.replies["/calls/inbound"] = f"<Redirect>http://127.0.0.1:{port}/</Redirect>"
        async with carrier.ring() as handset:
            await has_come.wait()
            await handset.hang_up()
            assert await handset.until(lambda event: event["event"] == "ended", 10) is not None
            has_ended.set()
        async with asyncio.timeout(5):
            await was_answered.wait()


class TestOverrides:
    def test_are_read_from_the_fragment(self) -> None:
        url, overrides = split("https://x/voice?a=1#ct=1000&rt=2000&tt=12000&rc=3&rp=ct,rt,5xx&sni=y")

        assert url == "https://x/voice?a=1"
        assert overrides == Overrides(1.0, 2.0, 12.0, 3, frozenset({"ct", "rt", "5xx"}))

    @pytest.mark.parametrize("fragment", ["", "#rc=9", "#ct=1&rt=x&tt=99999", "#rp=nonsense"])
    def test_keep_their_defaults_when_they_make_no_sense(self, fragment: str) -> None:
        assert split(f"https://x/{fragment}") == ("https://x/", Overrides())


class TestRetries:
    async def test_carry_the_same_token(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = "<Redirect>/calls/next#rc=2&amp;rp=5xx</Redirect>"
        app.replies["/calls/next"] = [(500, ""), (503, ""), "<Hangup/>"]
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "ended", 5)

        tokens = [hook.headers["i-twilio-idempotency-token"] for hook in app.at("/calls/next")]
        assert len(tokens) == 3
        assert len(set(tokens)) == 1
        assert app.at("/calls/fallback") == []

    async def test_are_not_made_for_an_error_of_the_server_by_default(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = [(500, ""), "<Say>too late</Say>"]
        app.replies["/calls/fallback"] = "<Hangup/>"
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "ended", 5)

        assert len(app.at("/calls/inbound")) == 1

    async def test_follow_a_lost_answer_on_order(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "retry_webhook", "lost": "answer"})
        app.replies["/calls/inbound"] = "<Reject/>"
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "ended", 5)

        tokens = [hook.headers["i-twilio-idempotency-token"] for hook in app.at("/calls/inbound")]
        assert len(tokens) == 2
        assert tokens[0] == tokens[1]


class TestFailure:
    @pytest.mark.parametrize(
        ("reply", "code"),
        [
            ((500, ""), "11200"),
            ("<Broken>", "12100"),
            (PlainTextResponse("{}", media_type="application/json"), "12300"),
        ],
    )
    async def test_goes_to_the_fallback(self, app: CalledApp, carrier: Carrier, reply: object, code: str) -> None:
        app.replies["/calls/inbound"] = reply  # type: ignore[assignment]  # one of the kinds of replies
        app.replies["/calls/fallback"] = "<Reject/>"
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "ended", 5)

        fields = app.at("/calls/fallback")[0].fields
        assert fields["ErrorCode"] == code
        assert fields["ErrorUrl"] == f"{app.url}/calls/inbound"

    async def test_of_both_is_spoken_and_ends_the_call(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = app.replies["/calls/fallback"] = (500, "")
        async with carrier.ring() as handset:
            ended = await handset.until(lambda event: event["event"] == "ended", 15)

        assert ended is not None
        assert ended["by"] == "carrier"
        assert "application error" in next(event["text"] for event in handset.events if event["event"] == "said")

    async def test_of_the_connection_has_its_own_code(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f"<Redirect>http://127.0.0.1:{free_port()}/gone</Redirect>"
        app.replies["/calls/fallback"] = "<Hangup/>"
        async with carrier.ring():
            hook = await app.hook("/calls/fallback")

        assert hook.fields["ErrorCode"] == "11205"


class TestAnswers:
    async def test_redirects_of_http_are_followed_by_get(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = RedirectResponse("/calls/moved", 302)
        app.replies["/calls/moved"] = "<Reject/>"
        async with carrier.ring():
            hook = await app.hook("/calls/moved")

        assert hook.method == "GET"
        assert hook.headers["x-twilio-signature"] == sign(TOKEN, f"{app.url}/calls/moved")

    async def test_a_method_of_get_carries_the_fields_in_the_query(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = '<Redirect method="GET">/calls/next?a=1</Redirect>'
        app.replies["/calls/next"] = "<Hangup/>"
        async with carrier.ring() as handset:
            hook = await app.hook("/calls/next")

        assert (hook.fields["a"], hook.fields["CallSid"]) == ("1", handset.call_sid)
        assert hook.headers["x-twilio-signature"] == sign(TOKEN, hook.url)

    async def test_plain_text_is_spoken(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = PlainTextResponse("Nobody is here")
        async with carrier.ring() as handset:
            said = await handset.until(lambda event: event["event"] == "said", 5)

        assert said is not None
        assert said["text"] == "Nobody is here"


class TestCallbackFaults:
    async def test_a_callback_arrives_twice_on_order(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "duplicate_callbacks"})
        app.replies["/calls/inbound"] = "<Reject/>"
        async with carrier.ring():
            await app.hook("/calls/status", 2)

        assert app.at("/calls/status")[0].fields == app.at("/calls/status")[1].fields

    async def test_callbacks_change_places_on_order(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/parties", json={"number": "+15550002222", "after_s": 0, "for_s": 0.1})
        await carrier.http.post("/sandbox/faults", json={"kind": "shuffle_callbacks"})
        leg = 'statusCallback="/calls/leg" statusCallbackEvent="initiated ringing answered completed"'
        app.replies["/calls/inbound"] = f"<Dial><Number {leg}>+15550002222</Number></Dial>"
        async with carrier.ring():
            await app.hook("/calls/leg", 4)

        order = [hook.fields["SequenceNumber"] for hook in app.at("/calls/leg")]
        assert sorted(order) == ["0", "1", "2", "3"]
        assert order != sorted(order)

    async def test_an_unknown_fault_is_refused(self, carrier: Carrier) -> None:
        answer = await carrier.http.post("/sandbox/faults", json={"kind": "earthquake"})

        assert answer.status_code == 422

    async def test_cleared_faults_do_not_happen(self, app: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "duplicate_callbacks", "count": 9})
        await carrier.http.delete("/sandbox/faults")
        app.replies["/calls/inbound"] = "<Reject/>"
        async with carrier.ring():
            await app.hook("/calls/status")
            await asyncio.sleep(0.1)

        assert len(app.at("/calls/status")) == 1
