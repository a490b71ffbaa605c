"""Messages, numbers, Verify and Lookup: by the official client, and against the published schemas."""

from collections.abc import AsyncIterator

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.clients import AsyncClient
from tests.sandbox.carrier.conftest import ACCOUNT, CALLER, NUMBER, TOKEN, Carrier
from tests.sandbox.carrier.schemas import ACCOUNT_PATH, needs_specs, problems


@pytest.fixture
async def rest(carrier: Carrier) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=carrier.url, auth=(ACCOUNT, TOKEN), timeout=10) as client:
        yield client


async def inbox(carrier: Carrier) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = (await carrier.http.get("/sandbox/messages")).json()["messages"]
    return messages


class TestMessages:
    async def test_are_delivered_and_told(self, app: CalledApp, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            message = await client.messages.create_async(
                to=CALLER, from_=NUMBER, body="Hello", status_callback=f"{app.url}/messages/status"
            )
            await app.hook("/messages/status", 3)
            fetched = await client.messages(message.sid).fetch_async()
            redacted = await client.messages(message.sid).update_async(body="")
            await client.messages(message.sid).delete_async()
            left = await client.messages.list_async(to=CALLER)

        assert (message.status, fetched.status, redacted.body) == ("queued", "delivered", "")
        told = {hook.fields["MessageStatus"] for hook in app.at("/messages/status")}
        assert told == {"sending", "sent", "delivered"}
        assert left == []

    @pytest.mark.parametrize(
        ("change", "code"),
        [({"to": "x"}, 21211), ({"from_": CALLER}, 21606), ({"body": "x" * 1601}, 21617), ({"body": ""}, 21602)],
    )
    async def test_are_refused_like_the_vendor_does(self, carrier: Carrier, change: dict[str, str], code: int) -> None:
        async with AsyncClient(carrier.url) as client:
            with pytest.raises(TwilioRestException) as refusal:
                await client.messages.create_async(**{"to": CALLER, "from_": NUMBER, "body": "Hello", **change})

        assert (refusal.value.status, refusal.value.code) == (400, code)


class TestNumbers:
    async def test_are_found_bought_configured_rung_and_released(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/elsewhere"] = "<Reject/>"
        async with AsyncClient(carrier.url) as client:
            offered = await client.available_phone_numbers("US").local.list_async(area_code="415", limit=3)
            wanted = offered[0].phone_number
            number = await client.incoming_phone_numbers.create_async(phone_number=wanted)
            await client.incoming_phone_numbers(number.sid).update_async(voice_url=f"{app.url}/elsewhere")
            with pytest.raises(TwilioRestException) as refusal:
                await client.incoming_phone_numbers.create_async(phone_number=wanted)
            await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": wanted})
            hook = await app.hook("/elsewhere")
            ours = await client.incoming_phone_numbers.list_async()
            await client.incoming_phone_numbers(number.sid).delete_async()

        assert hook.fields["To"] == wanted
        assert refusal.value.code == 21422
        assert {it.phone_number for it in ours} == {wanted, NUMBER}
        rung = await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": wanted})
        assert rung.status_code == 404

    async def test_without_a_voice_url_fail_at_once(self, app: CalledApp, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            number = await client.incoming_phone_numbers.create_async(area_code="415")
        sid = (await carrier.http.post("/sandbox/calls", json={"from": CALLER, "to": number.phone_number})).json()
        call = (await carrier.http.get(f"/sandbox/calls/{sid['call_sid']}")).json()

        assert call["status"] == "failed"
        assert app.hooks == []


class TestVerify:
    async def test_a_code_is_sent_checked_and_used_up(self, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            service = await client.verify.v2.services.create_async(friendly_name="Sandbox")
            verify = client.verify.v2.services(service.sid)
            first = await verify.verifications.create_async(to=CALLER, channel="sms")
            again = await verify.verifications.create_async(to=CALLER, channel="sms")
            messages = await inbox(carrier)
            code = messages[0]["body"].rsplit(" ", 1)[1]
            wrong = await verify.verification_checks.create_async(to=CALLER, code="no")
            right = await verify.verification_checks.create_async(to=CALLER, code=code)
            with pytest.raises(TwilioRestException) as gone:
                await verify.verification_checks.create_async(to=CALLER, code=code)

        assert (first.sid, first.status) == (again.sid, "pending")
        assert messages[0]["body"] == messages[1]["body"]
        assert (wrong.status, wrong.valid, right.status, right.valid) == ("pending", False, "approved", True)
        assert (gone.value.status, gone.value.code) == (404, 20404)

    async def test_limits_checks_and_sends(self, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            service = await client.verify.v2.services.create_async(friendly_name="Sandbox")
            verify = client.verify.v2.services(service.sid)
            for _ in range(5):
                await verify.verifications.create_async(to=CALLER, channel="sms")
                await_check = await verify.verification_checks.create_async(to=CALLER, code="no")
            with pytest.raises(TwilioRestException) as checked:
                await verify.verification_checks.create_async(to=CALLER, code="no")
            with pytest.raises(TwilioRestException) as sent:
                await verify.verifications.create_async(to=CALLER, channel="sms")

        assert await_check.status == "pending"
        assert (checked.value.status, checked.value.code) == (429, 60202)
        assert (sent.value.status, sent.value.code) == (429, 60203)


class TestLookup:
    @pytest.mark.parametrize(
        ("number", "is_valid", "errors"),
        [("+14159929960", True, []), ("+1415", False, ["TOO_SHORT"]), ("+141599299601234", False, ["TOO_LONG"])],
    )
    async def test_validates(self, carrier: Carrier, number: str, is_valid: bool, errors: list[str]) -> None:
        async with AsyncClient(carrier.url) as client:
            found = await client.lookups.v2.phone_numbers(number).fetch_async()

        assert (found.valid, found.validation_errors) == (is_valid, errors)

    async def test_tells_the_kind_of_line_when_it_is_asked_for(self, carrier: Carrier) -> None:
        async with AsyncClient(carrier.url) as client:
            found = await client.lookups.v2.phone_numbers("+41791234567").fetch_async(fields="line_type_intelligence")

        assert (found.country_code, found.line_type_intelligence["type"]) == ("CH", "mobile")
        assert found.caller_name is None


class TestTroubles:
    async def test_an_error_on_order_hits_the_path_it_is_meant_for(self, carrier: Carrier) -> None:
        fault = {"kind": "rest_error", "path": "Messages", "status": 429, "code": 20429}
        await carrier.http.post("/sandbox/faults", json=fault)
        async with AsyncClient(carrier.url) as client:
            balance = await client.balance.fetch_async()
            with pytest.raises(TwilioRestException) as refusal:
                await client.messages.create_async(to=CALLER, from_=NUMBER, body="Hello")
            after = await client.messages.create_async(to=CALLER, from_=NUMBER, body="Hello")

        assert balance.currency == "USD"
        assert (refusal.value.status, refusal.value.code) == (429, 20429)
        assert after.status == "queued"

    async def test_a_slow_answer_on_order_takes_its_time(self, rest: httpx.AsyncClient, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "rest_slow", "path": "Balance", "delay_s": 2})
        with pytest.raises(httpx.ReadTimeout):
            await rest.get(f"/api/2010-04-01/Accounts/{ACCOUNT}/Balance.json", timeout=0.3)
        answer = await rest.get(f"/api/2010-04-01/Accounts/{ACCOUNT}/Balance.json", timeout=2)

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "path", [f"/api/2010-04-01/Accounts/{ACCOUNT}/Queues.json", "/verify/v2/Templates", "/lookups/v2/Jobs"]
    )
    async def test_what_the_sandbox_lacks_is_not_found(self, rest: httpx.AsyncClient, path: str) -> None:
        answer = await rest.get(path)

        assert (answer.status_code, answer.json()["code"]) == (404, 20404)

    async def test_another_account_is_not_ours(self, rest: httpx.AsyncClient) -> None:
        answer = await rest.get(f"/api/2010-04-01/Accounts/AC{'f' * 32}/Balance.json")

        assert answer.status_code == 404


@needs_specs
class TestSchemas:
    async def test_of_messages_and_numbers(self, rest: httpx.AsyncClient) -> None:
        account = f"/api/2010-04-01/Accounts/{ACCOUNT}"
        sent = await rest.post(f"{account}/Messages.json", data={"To": CALLER, "From": NUMBER, "Body": "Hello"})
        listed = await rest.get(f"{account}/Messages.json")
        bought = await rest.post(f"{account}/IncomingPhoneNumbers.json", data={"AreaCode": "415"})
        numbers = await rest.get(f"{account}/IncomingPhoneNumbers.json")
        balance = await rest.get(f"{account}/Balance.json")
        offered = await rest.get(f"{account}/AvailablePhoneNumbers/US/TollFree.json")

        path = ACCOUNT_PATH
        assert problems("api_v2010", f"{path}/Messages.json", "post", 201, sent.json()) == []
        assert problems("api_v2010", f"{path}/Messages.json", "get", 200, listed.json()) == []
        assert problems("api_v2010", f"{path}/IncomingPhoneNumbers.json", "post", 201, bought.json()) == []
        assert problems("api_v2010", f"{path}/IncomingPhoneNumbers.json", "get", 200, numbers.json()) == []
        assert problems("api_v2010", f"{path}/Balance.json", "get", 200, balance.json()) == []
        # The vendor's own answer has no fields of pages, and its numbers say nothing of faxes.
        pages = ("end", "start", "page", "page_size", "first_page_uri", "next_page_uri", "previous_page_uri")
        loose = frozenset((*pages, "fax"))
        search = f"{path}/AvailablePhoneNumbers/{{CountryCode}}/TollFree.json"
        assert problems("api_v2010", search, "get", 200, offered.json(), loose=loose) == []
        assert offered.json()["available_phone_numbers"]

    async def test_of_verify(self, rest: httpx.AsyncClient) -> None:
        service = await rest.post("/verify/v2/Services", data={"FriendlyName": "Sandbox"})
        services = await rest.get("/verify/v2/Services")
        base = f"/verify/v2/Services/{service.json()['sid']}"
        started = await rest.post(f"{base}/Verifications", data={"To": CALLER, "Channel": "sms"})
        checked = await rest.post(f"{base}/VerificationCheck", data={"To": CALLER, "Code": "000"})
        canceled = await rest.post(f"{base}/Verifications/{CALLER}", data={"Status": "canceled"})

        path = "/v2/Services/{ServiceSid}"
        assert problems("verify_v2", "/v2/Services", "post", 201, service.json()) == []
        assert problems("verify_v2", "/v2/Services", "get", 200, services.json()) == []
        assert problems("verify_v2", f"{path}/Verifications", "post", 201, started.json()) == []
        assert problems("verify_v2", f"{path}/VerificationCheck", "post", 201, checked.json()) == []
        assert problems("verify_v2", f"{path}/Verifications/{{Sid}}", "post", 200, canceled.json()) == []

    async def test_of_lookup(self, rest: httpx.AsyncClient) -> None:
        found = await rest.get("/lookups/v2/PhoneNumbers/+14159929960", params={"Fields": "caller_name"})

        # The vendor's own examples hold nulls, which its schema does not allow.
        blocks = frozenset(
            (
                *("sim_swap", "call_forwarding", "line_type_intelligence", "line_status", "identity_match"),
                *("reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill"),
            )
        )
        path = "/v2/PhoneNumbers/{PhoneNumber}"
        assert (
            problems("lookups_v2", path, "get", 200, found.json(), loose=blocks | {"caller_name", "error_code"}) == []
        )
        assert blocks <= found.json().keys()
