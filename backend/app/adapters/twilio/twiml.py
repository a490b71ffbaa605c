"""Every TwiML document we answer with, built by the official library.

A document ends the call when it runs out of verbs; so whatever hands the caller to our stream is followed by a
`<Redirect>`, which the carrier runs when the stream ends for any reason, a crash of ours included (twilio-google.md
§2, §3.2).
"""

from enum import StrEnum

from twilio.twiml.voice_response import Connect, Dial, Start, VoiceResponse

SORRY = "Sorry, this number is not in service."
VOICEMAIL = "Nobody can take your call right now. Please leave a message after the tone. Your message is recorded."

_RETRIES = "#rc=3&rp=ct,rt,5xx"
"""Connection overrides: three retries, on connect and read timeouts and on server errors (twilio-google.md §1.1)."""
_LEG_EVENTS = "initiated ringing answered completed"
_RECORDING_EVENTS = "completed absent"
_SILENCE_S = 5
_SHORTEST_RING_S, _LONGEST_RING_S = 5, 600
_LONGEST_SAY = 4096
_NOT_IN_XML = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF))
"""What XML 1.0 cannot hold, not even escaped."""
_SAY_LANGUAGES = {
    "da": "da-DK",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nb": "nb-NO",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "zh": "cmn-CN",
}


class RejectReason(StrEnum):
    """What the caller hears of a call that is never answered."""

    REJECTED = "rejected"
    BUSY = "busy"


def connect_stream(stream_url: str, *, token: str, after_stream_url: str, recording_url: str | None = None) -> str:
    """Put the caller through to our media stream; then, whatever happened to it, ask `after_stream_url`.

    `token` reaches the stream's `start` message; a query in the stream's URL would not. With `recording_url`, which
    hears what becomes of it, the whole call is recorded, each side on a channel of its own.
    """
    response = VoiceResponse()
    if recording_url is not None:
        start = Start()
        start.recording(
            recording_status_callback=_retried(recording_url),
            recording_status_callback_event=_RECORDING_EVENTS,
            track="both",
            channels="dual",
        )
        response.append(start)
    connect = Connect()
    connect.stream(url=stream_url).parameter(name="token", value=token)
    response.append(connect)
    response.redirect(after_stream_url, method="POST")
    return str(response)


def reject(reason: RejectReason = RejectReason.REJECTED) -> str:
    """Do not answer: the caller pays nothing, nor do we."""
    response = VoiceResponse()
    response.reject(reason=reason.value)
    return str(response)


def voicemail(text: str | None, *, language: str, action_url: str, recording_url: str, max_length_s: int = 180) -> str:
    """Say `text`, or a text of our own, then let the caller speak for at most `max_length_s`.

    `action_url` is asked what comes next, also when the caller said nothing; `recording_url` hears when the recording
    can be fetched.
    """
    response = VoiceResponse()
    _say(response, text or VOICEMAIL, language if text else "en")
    response.record(
        action=action_url,
        method="POST",
        max_length=max_length_s,
        play_beep=True,
        timeout=_SILENCE_S,
        finish_on_key="#",
        trim="trim-silence",
        recording_status_callback=_retried(recording_url),
        recording_status_callback_event=_RECORDING_EVENTS,
    )
    # An empty recording asks no action URL: the document goes on.
    response.redirect(action_url, method="POST")
    return str(response)


def transfer(
    number: str, *, caller_id: str, action_url: str, timeout_s: int = 20, leg_callback_url: str | None = None
) -> str:
    """Ring `number` and put the caller through to whoever answers; `action_url` hears whether that happened.

    `leg_callback_url` is told how the leg to `number` stands, from dialling to its end.
    """
    response = VoiceResponse()
    ring_s = min(max(timeout_s, _SHORTEST_RING_S), _LONGEST_RING_S)
    dial = Dial(action=action_url, method="POST", timeout=ring_s, caller_id=caller_id, answer_on_bridge=True)
    if leg_callback_url is None:
        dial.number(number)
    else:
        dial.number(number, status_callback=_retried(leg_callback_url), status_callback_event=_LEG_EVENTS)
    response.append(dial)
    return str(response)


def say_and_hang_up(text: str, *, language: str = "en") -> str:
    response = VoiceResponse()
    _say(response, text, language)
    response.hangup()
    return str(response)


def hang_up() -> str:
    response = VoiceResponse()
    response.hangup()
    return str(response)


def empty() -> str:
    """The answer to a callback that only informs."""
    return str(VoiceResponse())


def _say(response: VoiceResponse, text: str, language: str) -> None:
    """Speak by the carrier's own voice; a bare language gets its usual region, an unknown one the default voice."""
    words = text.translate(_NOT_IN_XML)[:_LONGEST_SAY]
    response.say(words, language=language if "-" in language else _SAY_LANGUAGES.get(language.lower()))


def _retried(url: str) -> str:
    """The URL of a callback that only informs, to be tried again; the carrier neither sends nor signs the fragment."""
    return url + _RETRIES
