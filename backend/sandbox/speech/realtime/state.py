"""What the parts of one session share."""

from dataclasses import dataclass
from random import Random

from sandbox.speech.clock import Clock
from sandbox.speech.parts import Brain, Ears, Voice
from sandbox.speech.realtime.conversation import Conversation
from sandbox.speech.realtime.faults import Faults
from sandbox.speech.realtime.outbox import Outbox
from sandbox.speech.realtime.rate_limits import RateLimits
from sandbox.speech.realtime.session_config import SessionConfig
from sandbox.speech.realtime.tasks import Tasks
from sandbox.speech.realtime.usage import Segment
from sandbox.speech.settings import SpeechSettings


@dataclass(frozen=True, slots=True)
class Parts:
    """What the service is assembled from."""

    ears: Ears
    brain: Brain
    voice: Voice


@dataclass(slots=True)
class SessionState:
    """`config` is replaced by updates; `has_spoken` locks the voice; `last_prompt` is what the next may share."""

    settings: SpeechSettings
    parts: Parts
    faults: Faults
    clock: Clock
    tasks: Tasks
    outbox: Outbox
    rate_limits: RateLimits
    config: SessionConfig
    conversation: Conversation
    random: Random
    has_spoken: bool = False
    last_prompt: tuple[Segment, ...] = ()
