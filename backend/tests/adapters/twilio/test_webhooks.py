"""The carrier's forms in the shapes that were seen in real calls (twilio-google.md §1.2-§1.4, §2.1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers

from app.adapters.twilio.webhooks import (
    Attestation,
    BadWebhook,
    CallReport,
    DialResult,
    InboundCall,
    RecordingForm,
    call_report,
    dial_result,
    idempotency_token,
    inbound_call,
    recording,
)
from app.core.phone import E164, CallerIdentity, CallerNumber, NotAPhoneNumber

RING = {
    "AccountSid": "AC0123456789abcdef0123456789abcdef",
    "ApiVersion": "2010-04-01",
    "CallSid": "CA0123456789abcdef0123456789abcdef",
    "CallStatus": "ringing",
    "CalledVia": "+15550100009",
    "Caller": "+15550100001",
    "CallerCity": "CHICAGO",
    "CalledZip": "",
    "Direction": "inbound",
    "ForwardedFrom": "+15550100009",
    "From": "+15550100001",
    "StirVerstat": "TN-Validation-Passed-A",
    "To": "+15550100002",
    "CallerName": "SMITH JOHN",
}
CALL = RING["CallSid"]


class TestInboundCall:
    def test_the_whole_form(self) -> None:
        assert inbound_call(FormData(RING)) == InboundCall(
            carrier_call_id=CALL,
            caller=CallerNumber(CallerIdentity.NUMBER, E164("+15550100001")),
            called=E164("+15550100002"),
            status="ringing",
            attestation=Attestation.FULL,
            forwarded_from=E164("+15550100009"),
            caller_name="SMITH JOHN",
        )

    def test_the_least_there_is(self) -> None:
        call = inbound_call({"CallSid": CALL, "To": "+15550100002"})

        assert call.caller == CallerNumber(CallerIdentity.UNKNOWN)
        assert call.attestation is Attestation.NONE
        assert call.forwarded_from is None
        assert call.caller_name == ""

    @pytest.mark.parametrize("blank", ["", "  ", "no value", "No Value"])
    def test_blanks_mean_unknown(self, blank: str) -> None:
        call = inbound_call(
            {**RING, "ForwardedFrom": blank, "CalledVia": blank, "CallerName": blank, "StirVerstat": blank}
        )

        assert (call.forwarded_from, call.caller_name, call.attestation) == (None, "", Attestation.NONE)

    @pytest.mark.parametrize(
        ("verstat", "attestation"),
        [
            ("TN-Validation-Passed-A", Attestation.FULL),
            ("TN-Validation-Passed-B-Diverted", Attestation.PARTIAL),
            ("TN-Validation-Passed-C-Passthrough", Attestation.GATEWAY),
            ("TN-Validation-Passed-D", Attestation.NONE),
            ("TN-Validation-Failed", Attestation.FAILED),
            ("TN-Validation-Failed-A", Attestation.FAILED),
            ("No-TN-Validation", Attestation.NONE),
            ("anything", Attestation.NONE),
        ],
    )
    def test_attestation(self, verstat: str, attestation: Attestation) -> None:
        assert inbound_call({**RING, "StirVerstat": verstat}).attestation is attestation

    @pytest.mark.parametrize("withheld", ["anonymous", "+266696687", "Restricted", "unknown", "sip:bob@example.com"])
    def test_callers_without_a_number(self, withheld: str) -> None:
        assert inbound_call({**RING, "From": withheld}).caller.e164 is None

    @pytest.mark.parametrize("form", [{}, {**RING, "CallSid": ""}, {**RING, "CallSid": b"CA1"}])
    def test_no_call_id(self, form: dict[str, object]) -> None:
        with pytest.raises(BadWebhook, match="CallSid is missing"):
            inbound_call(form)

    def test_called_number_is_none(self) -> None:
        with pytest.raises(NotAPhoneNumber):
            inbound_call({**RING, "To": "", "Called": "client:me"})

    @settings(max_examples=500, deadline=None)
    @given(st.dictionaries(st.sampled_from([*RING, "Later"]), st.text(max_size=200), max_size=12))
    def test_any_form_is_read_or_refused(self, form: dict[str, str]) -> None:
        try:
            call = inbound_call({**form, "CallSid": CALL})
        except NotAPhoneNumber:
            return
        assert call.carrier_call_id == CALL
        assert len(call.caller_name) <= 128
        assert "\x00" not in call.caller_name


class TestIdempotencyToken:
    def test_from_the_headers(self) -> None:
        headers = Headers({"I-Twilio-Idempotency-Token": "6c1b3a0e"})

        assert idempotency_token(headers) == "6c1b3a0e"
        assert idempotency_token({}) == ""


class TestCallReport:
    def test_the_end_of_an_inbound_call(self) -> None:
        form = {
            "CallSid": CALL,
            "CallStatus": "completed",
            "CallDuration": "61",
            "Duration": "2",
            "SequenceNumber": "0",
        }

        assert call_report(form) == CallReport(CALL, "completed", 61, 0, None)

    def test_a_leg_that_we_dialled(self) -> None:
        form = {"CallSid": "CA2", "ParentCallSid": CALL, "CallStatus": "in-progress", "SequenceNumber": "2"}

        assert call_report(form) == CallReport("CA2", "in-progress", None, 2, CALL)

    @pytest.mark.parametrize("duration", ["", "-1", "1.5", "٣", "9" * 40, "no value"])
    def test_durations_that_are_none(self, duration: str) -> None:
        assert call_report({"CallSid": CALL, "CallDuration": duration}).duration_s is None


class TestRecording:
    URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"

    def test_status_callback(self) -> None:
        form = {
            "CallSid": CALL,
            "RecordingSid": "RE1",
            "RecordingStatus": "completed",
            "RecordingUrl": self.URL,
            "RecordingDuration": "12",
            "RecordingChannels": "2",
            "RecordingSource": "StartCallRecordingAPI",
            "ErrorCode": "0",
        }

        assert recording(form) == RecordingForm(CALL, "RE1", "completed", self.URL, 12, 2)

    def test_status_callback_of_a_voicemail(self) -> None:
        form = {"CallSid": CALL, "RecordingSid": "RE1", "RecordingUrl": self.URL, "RecordingSource": "RecordVerb"}

        assert recording(form) == RecordingForm(CALL, "RE1", "completed", self.URL, None, None, is_voicemail=True)

    def test_action_of_a_record_verb(self) -> None:
        form = {
            "CallSid": CALL,
            "RecordingSid": "RE1",
            "RecordingUrl": self.URL,
            "RecordingDuration": "4",
            "Digits": "hangup",
        }

        assert recording(form) == RecordingForm(CALL, "RE1", "completed", self.URL, 4, None)

    def test_nothing_was_recorded(self) -> None:
        assert recording({"CallSid": CALL, "CallStatus": "completed"}) is None

    def test_a_recording_of_no_call(self) -> None:
        with pytest.raises(BadWebhook):
            recording({"RecordingSid": "RE1"})


class TestDialResult:
    def test_two_people_talked(self) -> None:
        form = {
            "CallSid": CALL,
            "DialCallStatus": "completed",
            "DialBridged": "true",
            "DialCallSid": "CA2",
            "DialCallDuration": "30",
        }

        assert dial_result(form) == DialResult(CALL, "completed", True, "CA2", 30)

    @pytest.mark.parametrize("bridged", [{"DialBridged": "false"}, {"DialBridged": ""}, {}])
    def test_completed_alone_means_nothing(self, bridged: dict[str, str]) -> None:
        assert not dial_result({"CallSid": CALL, "DialCallStatus": "completed", **bridged}).is_bridged

    @pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
    def test_nobody_came(self, status: str) -> None:
        assert dial_result({"CallSid": CALL, "DialCallStatus": status}) == DialResult(CALL, status, False)
