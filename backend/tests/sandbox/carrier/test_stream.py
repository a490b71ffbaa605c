"""A call put through to a media stream, over real sockets."""

import asyncio

from audiokit.mulaw import silence
from tests.sandbox.carrier.called import CalledApp
from tests.sandbox.carrier.conftest import Carrier


def connect_stream(app: CalledApp, after: str = "") -> str:
    return f'<Connect><Stream url="{app.stream_url}?gone=1"><Parameter name="k" value="v"/></Stream></Connect>{after}'


async def test_a_call_is_answered_streamed_and_ended(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = connect_stream(app, "<Redirect>/calls/after</Redirect>")
    app.replies["/calls/after"] = "<Hangup/>"

    async with carrier.ring() as handset:
        stream = await app.stream()
        await handset.play(b"\x12" * 1600, wait=False)
        await stream.play(b"\x34" * 1600)
        await stream.mark("greeting")
        await stream.until("mark")
        media = await stream.until("media", 15)
        await stream.socket.close()
        ended = await handset.until(lambda event: event["event"] == "ended", 5)

    assert ended is not None
    assert ended["status"] == "completed"
    assert ended["by"] == "app"
    assert stream.messages[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert stream.of("start")[0]["start"]["customParameters"] == {"k": "v"}
    assert 120 <= int(media[0]["media"]["timestamp"]) <= 180
    assert [message["sequenceNumber"] for message in stream.messages[1:]] == [
        str(number) for number in range(1, len(stream.messages))
    ]
    assert (await app.hook("/calls/after")).fields["CallStatus"] == "in-progress"
    status = await app.hook("/calls/status")
    assert status.fields["CallStatus"] == "completed"
    assert status.fields["SequenceNumber"] == "0"


async def test_a_hang_up_stops_the_stream(app: CalledApp, carrier: Carrier) -> None:
    app.replies["/calls/inbound"] = connect_stream(app, "<Redirect>/calls/after</Redirect>")

    async with carrier.ring() as handset:
        stream = await app.stream()
        await stream.play(silence(2000))
        await handset.hang_up()
        await stream.until("stop")

    await app.hook("/calls/status")
    await asyncio.sleep(0.1)
    assert app.at("/calls/after") == []
