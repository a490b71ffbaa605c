"""What the fault tests share: a line that can speak, and an engine that says what a test wants."""

from collections.abc import AsyncIterator

import pytest

from app.numbers.service import Line
from app.store.database import Database
from tests.faults.lines import a_speaking_line
from tests.faults.voice import HastyVoice
from tests.sandbox.speech.realtime_wire import ScriptedBrain, ScriptedEars, Service, running


@pytest.fixture
def brain() -> ScriptedBrain:
    return ScriptedBrain()


@pytest.fixture
def ears() -> ScriptedEars:
    return ScriptedEars()


@pytest.fixture
async def speech(ears: ScriptedEars, brain: ScriptedBrain) -> AsyncIterator[Service]:
    """The sandbox's Realtime server, with a script for a brain."""
    async with running(ears=ears, brain=brain, voice=HastyVoice()) as service:
        yield service


@pytest.fixture
async def line(database: Database) -> Line:
    async with database.sessions.begin() as session:
        return await a_speaking_line(session)
