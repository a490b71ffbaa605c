"""PostgreSQL dies in the middle of a call: the talk goes on, and what was said arrives when it is back."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.callflow.words import Disposition, HangUpReason, Speaker
from app.calls.models import Call
from app.store.database import Database
from app.store.embedded import EmbeddedPostgres
from sandbox.speech.parts import Speak, ToolAnswered, UseTool
from tests.faults.lines import a_speaking_line
from tests.faults.processes import serve_process
from tests.faults.records import stored, troubles
from tests.faults.settings import engine_at
from tests.faults.stream_end import call
from tests.live.server import call_sid, verbs
from tests.sandbox.speech.realtime_wire import ScriptedBrain, ScriptedEars, Service

SID = call_sid(1)
_STRIKE_S = 0.02


class Postgres:
    """An embedded server of this test's own, which it may kill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder)

    def start(self) -> None:
        self._server.start()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def kill(self) -> int:
        """End the server without warning; its supervisor may start it again."""
        pid = self._server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    @asynccontextmanager
    async def struck_down(self) -> AsyncIterator[None]:
        """However often the supervisor starts the server, it is killed again."""
        striking = asyncio.create_task(self._strike())
        yield
        striking.cancel()

    async def _strike(self) -> None:
        while True:
            if self._server.pid is not None:
                os.kill(self._server.pid, signal.SIGKILL)
            await asyncio.sleep(_STRIKE_S)

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
async def postgres_of_own(tmp_path: Path) -> AsyncIterator[Postgres]:
    postgres = Postgres(tmp_path / "postgres")
    await asyncio.to_thread(postgres.start)
    yield postgres
    await asyncio.to_thread(postgres.stop)


@pytest.fixture
async def own_database(postgres_of_own: Postgres) -> AsyncIterator[Database]:
    database = Database(postgres_of_own.url)
    await database.upgrade()
    async with database.sessions.begin() as session:
        await a_speaking_line(session)
    yield database
    await database.close()


def said(call: Call, speaker: Speaker) -> list[str]:
    return [turn.text for turn in call.turns if turn.speaker is speaker]


def told(brain: ScriptedBrain) -> list[str]:
    """What the assistant was told of its tools."""
    shown = (item for situation in brain.situations[-1:] for item in situation.items)
    return [item.output for item in shown if isinstance(item, ToolAnswered)]


def has_turns(count: int, speaker: Speaker) -> Callable[[Call], bool]:
    return lambda call: len(said(call, speaker)) >= count


async def test_talk_goes_on_while_the_supervisor_brings_it_back(
    postgres_of_own: Postgres,
    own_database: Database,
    speech: Service,
    ears: ScriptedEars,
    brain: ScriptedBrain,
    tmp_path: Path,
) -> None:
    ears.lines = ["when are you open", "and on sunday", "thank you bye"]
    brain.turns = [[Speak("From nine to five.")], [Speak("We are closed then.")], [Speak("You are welcome.")]]
    async with (
        serve_process(tmp_path, database_url=own_database.url, **engine_at(speech.port)) as app,
        call(app, SID) as end,
    ):
        await end.ask()
        await stored(own_database, SID, has_turns(1, Speaker.CALLER))
        killed = postgres_of_own.kill()
        await end.ask()
        await end.ask()
        await stored(own_database, SID, has_turns(5, Speaker.ASSISTANT))
        await end.hang_up()
        found = await stored(own_database, SID, lambda call: call.disposition is not None)

        assert postgres_of_own.pid not in (None, killed)
    assert said(found.call, Speaker.CALLER) == ["when are you open", "and on sunday", "thank you bye"]
    assert said(found.call, Speaker.ASSISTANT)[2:] == ["From nine to five.", "We are closed then.", "You are welcome."]
    assert (found.call.disposition, found.call.hang_up_reason) == (Disposition.ANSWERED, HangUpReason.CALLER)
    assert troubles(found.call) == []


async def test_talk_goes_on_without_it_and_is_stored_afterwards(
    postgres_of_own: Postgres,
    own_database: Database,
    speech: Service,
    ears: ScriptedEars,
    brain: ScriptedBrain,
    tmp_path: Path,
) -> None:
    ears.lines = ["please note that bob called", "thank you bye"]
    message: dict[str, object] = {"text": "Bob called.", "urgency": "normal"}
    brain.turns = [[UseTool("take_message", message)], [Speak("I cannot note that now.")], [Speak("You are welcome.")]]
    async with (
        serve_process(tmp_path, database_url=own_database.url, **engine_at(speech.port)) as app,
        call(app, SID) as end,
    ):
        async with postgres_of_own.struck_down():
            await end.speak()
            await end.until(lambda _: bool(told(brain)))
            assert verbs(await app.ring(call_sid(2))) == ["Say", "Record", "Redirect"]
            await end.ask()
            assert not (await app.readiness())["is_ready"]
            await end.hang_up()
            await app.idle()
        found = await stored(own_database, SID, lambda call: call.disposition is not None)

    assert [json.loads(output)["ok"] for output in told(brain)] == [False]
    assert said(found.call, Speaker.CALLER) == ["please note that bob called", "thank you bye"]
    assert said(found.call, Speaker.ASSISTANT)[-2:] == ["I cannot note that now.", "You are welcome."]
    assert found.messages == []
    # The session's own word, told late: who reconciles could only say that the carrier ended it.
    assert (found.call.disposition, found.call.hang_up_reason) == (Disposition.ANSWERED, HangUpReason.CALLER)
