"""Media streams over real sockets: the messages, the timing, the end, the troubles."""

import asyncio
import contextlib
import json
from base64 import b64decode

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request

from audiokit.mulaw import FRAME_BYTES, SILENCE, silence
from sandbox.conversation import Event, Handset
from tests.sandbox.carrier.called import CalledApp, Stream
from tests.sandbox.carrier.conftest import ACCOUNT, Carrier

_AFTER = "<Redirect>/calls/after</Redirect>"
_NONSENSE = [
    "nonsense",
    "[]",
    '{"event":"media","streamSid":"MZ"}',
    '{"event":"media","streamSid":"MZ","media":{"payload":"%"}}',
    '{"event":"mark","streamSid":"MZ","media":{"payload":""}}',
    '{"event":"clear"}',
]


@pytest.fixture
def streaming(app: CalledApp) -> CalledApp:
    """An application that puts every call through to its stream, and hangs up after it."""
    noun = f'<Stream url="{app.stream_url}" statusCallback="/calls/stream"><Parameter name="k" value="v"/></Stream>'
    app.replies["/calls/inbound"] = f"<Connect>{noun}</Connect>{_AFTER}"
    app.replies["/calls/after"] = "<Hangup/>"
    return app


async def ended(handset: Handset) -> Event:
    event = await handset.until(lambda event: event["event"] == "ended", 10)
    assert event is not None
    return event


def _url(server: Server) -> str:
    return f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"


def payload(message: Event) -> bytes:
    return b64decode(message["media"]["payload"])


class TestMessages:
    async def test_introduce_the_stream(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            media = (await stream.until("media", 30))[:30]

        assert stream.messages[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        assert stream.messages[1] == {
            "event": "start",
            "sequenceNumber": "1",
            "streamSid": stream.sid,
            "start": {
                "accountSid": ACCOUNT,
                "streamSid": stream.sid,
                "callSid": handset.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"k": "v"},
            },
        }
        stamps = [int(message["media"]["timestamp"]) for message in media]
        assert 120 <= stamps[0] <= 180
        assert all(abs(stamp - stamps[0] - 20 * number) <= 2 for number, stamp in enumerate(stamps))
        assert [message["media"]["chunk"] for message in media] == [str(number) for number in range(1, 31)]
        assert {len(payload(message)) for message in media} == {FRAME_BYTES}
        assert payload(media[0]) == SILENCE * FRAME_BYTES

    async def test_are_numbered_without_a_gap(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await stream.until("media", 3)
            await handset.press("1")
            await stream.mark("m")
            await stream.until("mark")
            await stream.until("dtmf")
            await handset.hang_up()
            stop = await stream.until("stop")

        numbers = [int(message["sequenceNumber"]) for message in stream.messages[1:]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert stream.of("dtmf")[0]["dtmf"] == {"track": "inbound_track", "digit": "1"}
        assert stop[0]["stop"] == {"accountSid": ACCOUNT, "callSid": handset.call_sid}
        assert stream.messages[-1] is stop[0]

    async def test_carry_what_the_caller_says(self, streaming: CalledApp, carrier: Carrier) -> None:
        said = bytes(range(1, 101)) * 16
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await stream.until("media", 2)
            await handset.play(said)
            await stream.until("media", 15)

        assert said in b"".join(map(payload, stream.of("media")))

    async def test_for_another_stream_are_ignored(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await stream.socket.send_text('{"event":"mark","streamSid":"MZ0","mark":{"name":"not ours"}}')
            await stream.socket.send_text(f'{{"event":"unheard-of","streamSid":"{stream.sid}"}}')
            await stream.mark("ours")
            marks = await stream.until("mark")
            await handset.hang_up()

        assert [mark["mark"]["name"] for mark in marks] == ["ours"]

    async def test_that_are_none_are_left_out_with_one_warning_each(
        self, streaming: CalledApp, carrier: Carrier
    ) -> None:
        with capture_logs() as logs:
            async with carrier.ring() as handset:
                stream = await streaming.stream()
                for nonsense in _NONSENSE:
                    await stream.socket.send_text(nonsense.replace("MZ", stream.sid))
                await stream.socket.send_bytes(b"\x00" * 160)
                await stream.socket.send_bytes(b"\x00" * 160)
                await stream.mark("still here")
                marks = await stream.until("mark")
                await handset.hang_up()

        assert [mark["mark"]["name"] for mark in marks] == ["still here"]
        assert sorted(entry["code"] for entry in logs if entry["log_level"] == "warning") == [31950, 31951]

    async def test_may_come_in_pieces(self, app: CalledApp, carrier: Carrier) -> None:
        """As RFC 6455 allows: a text frame that is not the last, and a continuation."""

        async def in_pieces(socket: ServerConnection) -> None:
            await socket.recv()
            sid = json.loads(await socket.recv())["streamSid"]
            await socket.send(iter(['{"event":"mark","streamSid":"', sid, '","mark":{"name":"pieces"}}']))
            async for message in socket:
                assert json.loads(message)["event"] in ("media", "mark", "stop")

        async with serve(in_pieces, "127.0.0.1", 0) as server:
            app.replies["/calls/inbound"] = f'<Connect><Stream url="{_url(server)}"/></Connect>'
            async with carrier.ring() as handset:
                mark = await handset.until(lambda event: event["event"] == "mark", 10)
                await handset.hang_up()

        assert mark is not None
        assert mark["name"] == "pieces"


async def test_a_relative_address_is_on_the_documents_server(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = '<Connect><Stream url="/stream"/></Connect>'
    async with carrier.ring():
        stream = await app.stream()

    assert stream.url == app.stream_url


class TestPlayback:
    async def test_takes_real_time_and_returns_marks(self, streaming: CalledApp, carrier: Carrier) -> None:
        loop = asyncio.get_running_loop()
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            began = loop.time()
            await stream.play(b"\x11" * 4000)
            await stream.mark("half a second")
            await stream.until("mark")
            took_s = loop.time() - began
            await handset.until(lambda event: event["event"] == "quiet", 5)
            await handset.hang_up()

        # Not before it was played; how long after depends on the machine.
        assert took_s >= 0.45
        kinds = [event["event"] for event in handset.events if event["event"] in ("playing", "mark", "quiet")]
        assert kinds == ["playing", "mark", "quiet"]

    async def test_is_cleared(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await stream.play(silence(60_000))
            await stream.mark("one")
            await stream.mark("two")
            await stream.clear()
            marks = await stream.until("mark", 2)
            cleared = await handset.until(lambda event: event["event"] == "clear", 5)
            await handset.hang_up()

        assert [mark["mark"]["name"] for mark in marks] == ["one", "two"]
        assert [event["event"] for event in handset.events if event["event"] in ("mark", "clear")] == [
            "clear",
            "mark",
            "mark",
        ]
        assert cleared is not None
        assert 50_000 < cleared["dropped_ms"] <= 60_000


class TestEnd:
    async def test_by_the_application_leads_to_the_next_verb(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await stream.socket.close()
            end = await ended(handset)

        assert (end["status"], end["by"]) == ("completed", "app")
        assert streaming.at("/calls/after")[0].fields["CallStatus"] == "in-progress"
        status = await streaming.hook("/calls/status")
        assert (status.fields["CallStatus"], status.fields["SequenceNumber"]) == ("completed", "0")
        assert len(streaming.at("/calls/status")) == 1

    async def test_by_a_broken_connection_too(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            await streaming.stream()
            await carrier.http.post("/sandbox/faults", json={"kind": "drop_stream", "after_s": 0, "now": True})
            await ended(handset)

        assert len(streaming.at("/calls/after")) == 1

    async def test_by_an_application_that_dies_is_an_error(self, app: CalledApp, carrier: Carrier) -> None:
        async def die(socket: ServerConnection) -> None:
            await socket.recv()
            socket.transport.abort()

        async with serve(die, "127.0.0.1", 0) as server:
            noun = f'<Stream url="{_url(server)}" statusCallback="/calls/stream"/>'
            app.replies["/calls/inbound"] = f"<Connect>{noun}</Connect>{_AFTER}"
            app.replies["/calls/after"] = "<Hangup/>"
            async with carrier.ring() as handset:
                await ended(handset)

        await app.hook("/calls/stream", 3)
        errors = [it.fields["StreamError"] for it in app.at("/calls/stream") if "StreamError" in it.fields]
        assert errors == ["31903"]
        assert len(app.at("/calls/after")) == 1

    @pytest.mark.parametrize(
        ("url", "attributes", "code"),
        [
            ("http://127.0.0.1/stream", "", "31922"),
            ("ws:///stream", "", "31923"),
            ("/stream", 'track="both_tracks"', "31941"),
        ],
    )
    async def test_by_what_the_vendor_would_not_connect(
        self, app: CalledApp, carrier: Carrier, url: str, attributes: str, code: str
    ) -> None:
        noun = f'<Stream url="{url}" {attributes} statusCallback="/calls/stream"/>'
        app.replies["/calls/inbound"] = f"<Connect>{noun}</Connect>{_AFTER}"
        app.replies["/calls/after"] = "<Hangup/>"
        async with carrier.ring() as handset:
            await ended(handset)

        assert (await app.hook("/calls/stream")).fields["StreamError"].startswith(code)
        assert app.streams == []

    async def test_by_a_refused_handshake_too(self, streaming: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "refuse_handshake"})
        async with carrier.ring() as handset:
            await ended(handset)

        assert streaming.streams == []
        assert len(streaming.at("/calls/after")) == 1
        assert (await streaming.hook("/calls/stream")).fields["StreamError"].startswith("31920")

    async def test_by_an_address_nobody_serves_too(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = f'<Connect><Stream url="{app.stream_url}/nowhere"/></Connect>{_AFTER}'
        app.replies["/calls/after"] = "<Hangup/>"
        async with carrier.ring() as handset:
            await ended(handset)

        assert len(app.at("/calls/after")) == 1

    async def test_asks_the_action_of_connect(self, app: CalledApp, carrier: Carrier) -> None:
        app.replies["/calls/inbound"] = (
            f'<Connect action="/calls/action"><Stream url="{app.stream_url}"/></Connect><Say>never</Say>'
        )
        app.replies["/calls/action"] = "<Hangup/>"
        async with carrier.ring() as handset:
            stream = await app.stream()
            await stream.socket.close()
            await ended(handset)

        assert len(app.at("/calls/action")) == 1
        assert not [event for event in handset.events if event["event"] == "said"]

    async def test_by_a_caller_who_leaves_while_it_connects_leaves_no_socket(
        self, app: CalledApp, carrier: Carrier
    ) -> None:
        has_knocked, has_left = asyncio.Event(), asyncio.Event()

        async def hesitate(socket: ServerConnection, request: Request) -> None:
            has_knocked.set()
            await asyncio.sleep(0.3)

        async def listen(socket: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                assert await socket.recv() is None
            has_left.set()

        async with serve(listen, "127.0.0.1", 0, process_request=hesitate) as server:
            app.replies["/calls/inbound"] = f'<Connect><Stream url="{_url(server)}"/></Connect>'
            async with carrier.ring() as handset:
                await has_knocked.wait()
                await handset.hang_up()
                await ended(handset)
            async with asyncio.timeout(5):
                await has_left.wait()

    async def test_by_the_caller_ends_the_call(self, streaming: CalledApp, carrier: Carrier) -> None:
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            await handset.hang_up()
            await stream.until("stop")
            end = await ended(handset)

        assert end["by"] == "caller"
        await streaming.hook("/calls/status")
        assert streaming.at("/calls/after") == []


class TestTroubles:
    async def test_a_stalled_reader_takes_nothing_in_for_a_while(self, streaming: CalledApp, carrier: Carrier) -> None:
        await carrier.http.post("/sandbox/faults", json={"kind": "stall_reader", "after_s": 0, "for_s": 0.7})
        loop = asyncio.get_running_loop()
        async with carrier.ring() as handset:
            stream = await streaming.stream()
            began = loop.time()
            await stream.until("media", 2)
            await stream.mark("waits")
            await stream.until("mark")
            took_s = loop.time() - began
            await handset.hang_up()

        assert took_s >= 0.5

    async def test_a_bad_network_delays_and_silences_but_keeps_the_order(
        self, streaming: CalledApp, carrier: Carrier
    ) -> None:
        async with carrier.ring(network={"jitter_ms": 150, "loss_pct": 50}) as handset:
            stream = await streaming.stream()
            await handset.play(b"\x21" * 8000, wait=False)
            await stream.until("media", 40)
            await stream.mark("m")
            await stream.until("mark")
            await handset.hang_up()
            await stream.until("stop")

        assert _numbers(stream) == list(range(1, len(_numbers(stream)) + 1))
        lost = [message for message in stream.of("media")[2:40] if payload(message) == SILENCE * FRAME_BYTES]
        assert 3 <= len(lost) <= 35


def _numbers(stream: Stream) -> list[int]:
    return [int(message["sequenceNumber"]) for message in stream.messages[1:]]


async def test_twenty_calls_at_once_lose_nothing(streaming: CalledApp, carrier: Carrier) -> None:
    async def call() -> None:
        async with carrier.ring() as handset:
            await handset.until(lambda event: event["event"] == "stream_started", 20)
            # The vendor's first frame comes up to 180 ms after the start; what is said before it is lost.
            await handset.play(silence(300) + b"\x31" * 4000)
            await handset.hang_up()
            await ended(handset)

    async with asyncio.TaskGroup() as calls:
        for _ in range(20):
            calls.create_task(call())

    assert len(streaming.streams) == 20
    for stream in streaming.streams:
        await stream.until("stop")
        assert b"\x31" * 4000 in b"".join(map(payload, stream.of("media")))
        assert _numbers(stream) == list(range(1, len(_numbers(stream)) + 1))
