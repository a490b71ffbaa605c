"""The documents we answer with, read back as XML."""

from xml.etree import ElementTree as ET

import pytest

from app.adapters.twilio import twiml


def read(document: str) -> ET.Element:
    assert document.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    root = ET.fromstring(document)  # noqa: S314  # our own document
    assert root.tag == "Response"
    return root


def verbs(document: str) -> list[str]:
    return [verb.tag for verb in read(document)]


def find(document: str, path: str) -> ET.Element:
    found = read(document).find(path)
    assert found is not None
    return found


class TestConnectStream:
    PLAIN = twiml.connect_stream(
        "wss://app.example/audio-stream", token="t0k3n", after_stream_url="https://app.example/calls/after-stream"
    )
    RECORDED = twiml.connect_stream(
        "wss://app.example/audio-stream",
        token="t0k3n",
        after_stream_url="https://app.example/calls/after-stream",
        recording_url="https://app.example/calls/recording",
    )

    @pytest.mark.parametrize("document", [PLAIN, RECORDED])
    def test_connect_is_always_followed_by_redirect(self, document: str) -> None:
        assert verbs(document)[-2:] == ["Connect", "Redirect"]
        assert find(document, "Redirect").text == "https://app.example/calls/after-stream"
        assert find(document, "Redirect").get("method") == "POST"

    def test_the_token_is_a_parameter_and_not_in_the_url(self) -> None:
        assert find(self.PLAIN, "Connect/Stream").attrib == {"url": "wss://app.example/audio-stream"}
        assert find(self.PLAIN, "Connect/Stream/Parameter").attrib == {"name": "token", "value": "t0k3n"}

    def test_recording_starts_before_the_stream_with_both_sides(self) -> None:
        assert verbs(self.RECORDED) == ["Start", "Connect", "Redirect"]
        recording = find(self.RECORDED, "Start/Recording")
        assert recording.get("channels") == "dual"
        assert recording.get("track") == "both"
        assert recording.get("recordingStatusCallback") == "https://app.example/calls/recording#rc=3&rp=ct,rt,5xx"

    def test_nothing_is_recorded_unasked(self) -> None:
        assert "Recording" not in self.PLAIN


class TestVoicemail:
    DOCUMENT = twiml.voicemail(
        "Bitte sprechen Sie nach dem Ton.",
        language="de",
        action_url="https://app.example/calls/after-voicemail",
        recording_url="https://app.example/calls/recording",
        max_length_s=90,
    )

    def test_says_then_records_then_asks_what_is_next(self) -> None:
        assert verbs(self.DOCUMENT) == ["Say", "Record", "Redirect"]
        assert find(self.DOCUMENT, "Say").text == "Bitte sprechen Sie nach dem Ton."
        assert find(self.DOCUMENT, "Say").get("language") == "de-DE"
        assert find(self.DOCUMENT, "Redirect").text == "https://app.example/calls/after-voicemail"

    def test_the_recording_never_asks_for_this_document_again(self) -> None:
        record = find(self.DOCUMENT, "Record")

        assert record.get("action") == "https://app.example/calls/after-voicemail"
        assert record.get("maxLength") == "90"
        assert record.get("recordingStatusCallback") == "https://app.example/calls/recording#rc=3&rp=ct,rt,5xx"

    def test_a_number_of_which_nothing_is_known_gets_our_own_text(self) -> None:
        document = twiml.voicemail(
            None, language="de", action_url="https://a.example/x", recording_url="https://a.example/y"
        )

        assert find(document, "Say").text == twiml.VOICEMAIL
        assert find(document, "Say").get("language") == "en-US"


class TestTransfer:
    def test_dials_one_number_and_asks_for_the_result(self) -> None:
        document = twiml.transfer(
            "+15550002222",
            caller_id="+15550001111",
            action_url="https://app.example/calls/after-dial",
            timeout_s=25,
            leg_callback_url="https://app.example/calls/leg",
        )

        assert verbs(document) == ["Dial"]
        dial, number = find(document, "Dial"), find(document, "Dial/Number")
        assert dial.get("action") == "https://app.example/calls/after-dial"
        assert dial.get("callerId") == "+15550001111"
        assert dial.get("timeout") == "25"
        assert dial.get("answerOnBridge") == "true"
        assert number.text == "+15550002222"
        assert number.get("statusCallback") == "https://app.example/calls/leg#rc=3&rp=ct,rt,5xx"
        assert number.get("statusCallbackEvent") == "initiated ringing answered completed"

    @pytest.mark.parametrize(("asked", "given"), [(0, "5"), (5, "5"), (600, "600"), (9000, "600")])
    def test_rings_only_as_long_as_the_carrier_allows(self, asked: int, given: str) -> None:
        document = twiml.transfer("+1", caller_id="+2", action_url="https://a.example/x", timeout_s=asked)

        assert find(document, "Dial").get("timeout") == given
        assert find(document, "Dial/Number").get("statusCallback") is None


class TestShortDocuments:
    def test_say_and_hang_up(self) -> None:
        assert verbs(twiml.say_and_hang_up(twiml.SORRY)) == ["Say", "Hangup"]

    def test_hang_up(self) -> None:
        assert verbs(twiml.hang_up()) == ["Hangup"]

    def test_empty(self) -> None:
        assert verbs(twiml.empty()) == []

    @pytest.mark.parametrize("reason", list(twiml.RejectReason))
    def test_reject(self, reason: twiml.RejectReason) -> None:
        assert verbs(twiml.reject(reason)) == ["Reject"]
        assert find(twiml.reject(reason), "Reject").get("reason") == reason


class TestWhatOwnersWrite:
    def test_markup_is_text(self) -> None:
        document = twiml.say_and_hang_up('</Say><Dial>+1900</Dial> & "more"')

        assert verbs(document) == ["Say", "Hangup"]
        assert find(document, "Say").text == '</Say><Dial>+1900</Dial> & "more"'

    def test_characters_that_xml_cannot_hold_are_left_out(self) -> None:
        document = twiml.say_and_hang_up("Hel\x00lo\x0b \ud800wor\uffffld\n")

        assert find(document, "Say").text == "Hello world\n"

    def test_no_longer_than_the_carrier_speaks(self) -> None:
        text = find(twiml.say_and_hang_up("a" * 10_000), "Say").text

        assert text is not None
        assert len(text) == 4096

    @pytest.mark.parametrize(
        ("language", "spoken"), [("en", "en-US"), ("DE", "de-DE"), ("en-GB", "en-GB"), ("eo", None), ("", None)]
    )
    def test_languages(self, language: str, spoken: str | None) -> None:
        assert find(twiml.say_and_hang_up("hi", language=language), "Say").get("language") == spoken
