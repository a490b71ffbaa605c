"""CallToken: lets an application pass a call on without losing the caller's attestation (twilio-google.md §1.2)."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from sandbox.carrier.leg import Leg

_CERTIFICATE = "https://certificates.sandbox.example/shaken.pem"
_SIGNATURE_BYTES = 64
_VERIFIED = "TN-Validation-Passed-"


def call_token(leg: Leg) -> str:
    """URL-encoded JSON of two kinds of ES256 tokens. Their signatures are random: nobody outside can check them."""
    call_info = {
        "callSid": leg.sid,
        "from": leg.caller,
        "to": leg.called,
        "iat": str(int(leg.created_at.timestamp())),
    }
    tokens = {
        "parentCallInfoToken": _token({"alg": "ES256"}, call_info),
        "identityHeaderTokens": [f'{_passport(leg)};info=<{_CERTIFICATE}>;alg=ES256;ppt="shaken"'],
    }
    return quote(msgspec.json.encode(tokens), safe="")


def _passport(leg: Leg) -> str:
    verdict = leg.extra_fields.get("StirVerstat", "")
    claims = {
        "attest": verdict.removeprefix(_VERIFIED)[:1] if verdict.startswith(_VERIFIED) else "C",
        "dest": {"tn": [leg.called.removeprefix("+")]},
        "iat": int(leg.created_at.timestamp()),
        "orig": {"tn": leg.caller.removeprefix("+")},
        "origid": leg.sid[2:],
    }
    return _token({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": _CERTIFICATE}, claims)


def _token(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    parts = (msgspec.json.encode(header), msgspec.json.encode(claims), secrets.token_bytes(_SIGNATURE_BYTES))
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
