"""Signatures against the vectors that the carrier publishes with its own library (twilio-google.md §1.5)."""

import base64
import hashlib
import hmac

import pytest
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from app.adapters.twilio.signatures import is_signed, is_upgrade_signed

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
BODY = b'{"property": "value", "boolean": true}'
BODY_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
BODY_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def hmac_of(data: str, token: str = TOKEN) -> str:
    """The published algorithm, written down once more."""
    return base64.b64encode(hmac.new(token.encode(), data.encode(), hashlib.sha1).digest()).decode()


class TestPublishedVectors:
    @pytest.mark.parametrize(
        ("url", "signature"),
        [
            (URL, SIGNATURE),
            (URL.replace(".com", ".com:1234"), SIGNATURE),
            (URL.replace(".com", ".com:443"), SIGNATURE),
            (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
            (URL.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            (URL.replace("https", "http").replace(".com", ".com:1234"), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        ],
    )
    def test_form_posts_with_and_without_port(self, url: str, signature: str) -> None:
        assert is_signed([TOKEN], url, PARAMS, signature)

    def test_parameters_that_come_twice(self) -> None:
        form = FormData([("Sid", "CA123"), ("SidAccount", "AC123"), *[("Digits", d) for d in ("5678", "1234", "1234")]])

        assert is_signed([TOKEN], URL, form, "IK+Dwps556ElfBT0I3Rgjkr1wJU=")

    def test_json_body(self) -> None:
        assert is_signed([TOKEN], BODY_URL, BODY, BODY_SIGNATURE)


class TestIsSigned:
    def test_get_is_signed_by_its_url_alone(self) -> None:
        assert is_signed([TOKEN], URL, {}, hmac_of(URL))

    def test_blank_parameters_count(self) -> None:
        form = FormData([("CallSid", "CA1"), ("FromCity", "")])

        assert is_signed([TOKEN], URL, form, hmac_of(f"{URL}CallSidCA1FromCity"))
        assert is_signed([TOKEN], URL, form, RequestValidator(TOKEN).compute_signature(URL, form))

    def test_any_of_several_secrets(self) -> None:
        assert is_signed(["new", TOKEN], URL, PARAMS, SIGNATURE)
        assert is_signed([TOKEN, "old"], URL, PARAMS, SIGNATURE)

    @pytest.mark.parametrize("secrets", [[], [""], ["54321"], ["54321", "other"]])
    def test_no_secret_fits(self, secrets: list[str]) -> None:
        assert not is_signed(secrets, URL, PARAMS, SIGNATURE)

    def test_an_empty_secret_signs_nothing(self) -> None:
        assert not is_signed([""], URL, {}, hmac_of(URL, token=""))

    @pytest.mark.parametrize("signature", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", SIGNATURE.lower(), "é" * 28, "\x00"])
    def test_other_signatures(self, signature: str) -> None:
        assert not is_signed([TOKEN], URL, PARAMS, signature)

    def test_changed_parameters_and_urls(self) -> None:
        assert not is_signed([TOKEN], URL, {**PARAMS, "Digits": "1235"}, SIGNATURE)
        assert not is_signed([TOKEN], URL, {**PARAMS, "Extra": ""}, SIGNATURE)
        assert not is_signed([TOKEN], URL.replace("bar=2", "bar=3"), PARAMS, SIGNATURE)

    def test_a_body_other_than_the_signed_one(self) -> None:
        assert not is_signed([TOKEN], BODY_URL, BODY.replace(b"true", b"false"), BODY_SIGNATURE)

    def test_a_body_without_its_hash_in_the_url(self) -> None:
        assert not is_signed([TOKEN], URL, BODY, hmac_of(URL))

    @pytest.mark.parametrize("body", [b"\xff\xfe", b""])
    def test_a_body_that_is_no_text(self, body: bytes) -> None:
        assert not is_signed([TOKEN], BODY_URL, body, BODY_SIGNATURE)

    def test_values_that_are_no_texts(self) -> None:
        assert not is_signed([TOKEN], URL, {"File": object()}, SIGNATURE)
        assert not is_signed([TOKEN], URL, {"Half": "\ud800"}, SIGNATURE)
        assert not is_signed([TOKEN], "https://host:notaport/", {}, SIGNATURE)


class TestIsUpgradeSigned:
    ADDRESS = "wss://app.example/audio-stream"

    @pytest.mark.parametrize("url", ["https://app.example/audio-stream", ADDRESS])
    def test_the_wss_form_is_what_is_signed(self, url: str) -> None:
        assert is_upgrade_signed([TOKEN], url, hmac_of(self.ADDRESS))

    def test_the_https_form_is_not(self) -> None:
        assert not is_upgrade_signed(
            [TOKEN], "https://app.example/audio-stream", hmac_of("https://app.example/audio-stream")
        )

    def test_a_default_port_may_be_written(self) -> None:
        signature = hmac_of("wss://app.example:443/audio-stream")

        assert is_upgrade_signed([TOKEN], "https://app.example/audio-stream", signature)

    def test_a_query_counts_as_parameters(self) -> None:
        signature = hmac_of(f"{self.ADDRESS}a1b")

        assert is_upgrade_signed([TOKEN], f"{self.ADDRESS}?b=&a=1", signature)

    def test_plain_sockets_of_a_local_carrier(self) -> None:
        assert is_upgrade_signed(
            [TOKEN], "http://127.0.0.1:8000/audio-stream", hmac_of("ws://127.0.0.1:8000/audio-stream")
        )

    def test_another_secret(self) -> None:
        assert not is_upgrade_signed(["other"], self.ADDRESS, hmac_of(self.ADDRESS))
        assert is_upgrade_signed(["other", TOKEN], self.ADDRESS, hmac_of(self.ADDRESS))
