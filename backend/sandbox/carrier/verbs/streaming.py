"""Connect/Stream and Start/Stream."""

from urllib.parse import urlsplit

from sandbox.carrier.clock import iso_nanoseconds
from sandbox.carrier.media_stream import MediaStream, StreamFailed, StreamPlan
from sandbox.carrier.running import Running
from sandbox.carrier.sids import new_sid
from sandbox.carrier.steps import Step
from sandbox.carrier.twiml import Verb

_LONGEST_PARAMETER = 500
_TRACKS = {"inbound_track": ("inbound",), "outbound_track": ("outbound",), "both_tracks": ("inbound", "outbound")}


async def connect(running: Running, verb: Verb) -> Step | None:
    """Put the leg through to a two-way stream until that ends, for whatever reason."""
    noun = verb.child("Stream")
    if noun is not None:
        await converse(running, noun, is_two_way=True)
    if "action" in verb.attributes:
        return running.action(verb, {})
    return None


async def converse(running: Running, noun: Verb, *, is_two_way: bool) -> None:
    """Run a stream to its end and tell its status callback."""
    plan = _plan(running, noun, is_two_way=is_two_way)
    stream = _stream(running, plan)
    try:
        _check(running, noun, plan)
        await stream.open()
    except StreamFailed as error:
        _tell(running, noun, plan, "stream-error", f"{error.code}: {error}")
        return
    _tell(running, noun, plan, "stream-started")
    if not is_two_way:
        running.leg.background[plan.name] = stream.close
        running.leg.on_end.append(stream.close)
    if running.leg.is_over:
        stream.close()
    try:
        await stream.closed()
    finally:
        stream.close()
        if stream.error_code:
            _tell(running, noun, plan, "stream-error", str(stream.error_code))
        _tell(running, noun, plan, "stream-stopped")


def _check(running: Running, noun: Verb, plan: StreamPlan) -> None:
    """Raises StreamFailed for what the vendor would not connect, or would not carry."""
    tracks = ("inbound_track",) if plan.is_two_way else tuple(_TRACKS)
    if noun.get("track", "inbound_track") not in tracks:
        raise StreamFailed(31941, "Invalid track configuration")
    parts = urlsplit(plan.url)
    allowed = ("wss", "ws") if running.services.settings.may_stream_plainly else ("wss",)
    if parts.scheme not in allowed:
        raise StreamFailed(31922, "Invalid URL scheme")
    if not parts.hostname:
        raise StreamFailed(31923, "Malformed URL")
    if any(len(name) + len(value) >= _LONGEST_PARAMETER for name, value in plan.parameters.items()):
        raise StreamFailed(12200, "A parameter's name and value are longer than 500 characters")


def _stream(running: Running, plan: StreamPlan) -> MediaStream:
    services = running.services
    return MediaStream(
        running.leg,
        plan,
        account_sid=services.account_sid,
        auth_token=services.auth_token,
        faults=services.faults,
    )


def _plan(running: Running, noun: Verb, *, is_two_way: bool) -> StreamPlan:
    sid = new_sid("MZ")
    parameters = {child.get("name"): child.get("value") for child in noun.children if child.name == "Parameter"}
    tracks = ("inbound",) if is_two_way else _TRACKS.get(noun.get("track"), ("inbound",))
    return StreamPlan(sid, _address(running, noun), noun.get("name", sid), tracks, is_two_way, parameters)


def _address(running: Running, noun: Verb) -> str:
    """Where to connect; a relative address keeps to the document's server, by WebSocket."""
    given = noun.get("url")
    resolved = running.resolved(given)
    is_relative = not urlsplit(given).scheme
    return resolved.replace("http", "ws", 1) if is_relative and resolved.startswith("http") else resolved


def _tell(running: Running, noun: Verb, plan: StreamPlan, event: str, error: str = "") -> None:
    """The stream's status callback."""
    fields = {
        "AccountSid": running.services.account_sid,
        "CallSid": running.leg.sid,
        "StreamSid": plan.sid,
        "StreamName": plan.name,
        "StreamEvent": event,
        "Timestamp": iso_nanoseconds(),
    }
    if error:
        fields["StreamError"] = error
    running.services.callbacks.tell(
        running.resolved(noun.get("statusCallback")), noun.get("statusCallbackMethod", "POST"), fields
    )
