"""The session's side of the engine: opening it, asking it to speak, and getting over its loss.

The ladder: a response that fails is asked for once more; an engine that breaks, fails again or keeps silent is opened
anew with what was really said; one that refuses is not asked again; when nothing helps, the call is given up to
voicemail, which needs no engine.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from app.callflow.commands import (
    CancelResponse,
    CloseEngine,
    OpenEngine,
    ReportTrouble,
    RequestResponse,
    SendToEngine,
    SwitchEngine,
    TellEngine,
)
from app.callflow.events import EngineLost, EngineReady, ResponseEnded, ResponseStarted
from app.callflow.stage import Stage
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import EngineLoss, EngineTraits, PhraseKey, ResponseStatus, Seed, Speaker

_BUFFERED_FRAMES = 200
"""4 s of the caller's audio are kept while no engine listens; older speech would only delay the answer."""
_RETRY_AFTER_S = (0.0, 0.2, 0.5)
_MOST_TIMEOUTS = 2
_OUTAGE_FILLER_S = 1.0
_ASK_AGAIN_S = 1.0
_ROTATION_RETRY_S = 1.0
_REOPENED = (
    "The connection was interrupted and is restored. Continue the conversation where it stopped, even in the middle of "
    "your own sentence; do not greet again."
)
_BROKE_OFF = "Your last turn broke off. Continue where it stopped, even in the middle of a sentence; repeat nothing."


class EngineLink:
    """Tracks one engine session and the response that is wanted from it."""

    def __init__(self, stage: Stage, give_up: Callable[[float], None]) -> None:
        self._stage = stage
        self._give_up = give_up
        self.when_lost: Callable[[float], None] = lambda _: None
        self.traits = EngineTraits()
        self.is_ready = False
        self.generation = 0
        self.active: str | None = None
        self._cancelled: set[str] = set()
        self._spoke: set[str] = set()
        self._wanted: RequestResponse | None = None
        self._request = RequestResponse()
        self._asked_at: float | None = None
        self._waiting_since: float | None = None
        self._buffer: deque[str] = deque(maxlen=_BUFFERED_FRAMES)
        self._failures = 0
        self._timeouts = 0
        self._has_failed = False
        self._successor: Seed | None = None
        self._is_given_up = False

    @property
    def is_busy(self) -> bool:
        """Whether a response is wanted or under way."""
        return self.active is not None or self._asked_at is not None

    # --- audio -----------------------------------------------------------------------------------------------------

    def buffer(self, payload: str) -> None:
        """Keep a frame of the caller until an engine listens."""
        self._buffer.append(payload)

    # --- opening ---------------------------------------------------------------------------------------------------

    def open(self, now: float, *, after_s: float = 0.0) -> None:
        """Ask for a fresh engine session that knows what was said."""
        self.generation += 1
        seed = self._seed()
        if seed.answer_now:
            self._wanted = None
            self._asked_at = now
        elif self._asked_at is not None and not seed.turns:
            # Nothing has been said yet, so nothing but the request itself tells what is wanted.
            self._wanted = self._request
        self._stage.do(OpenEngine(seed, after_s))
        self._stage.timers.set(Timer.ENGINE_READY, now + after_s + self._stage.plan.engine_ready_s)

    def _seed(self) -> Seed:
        stage = self._stage
        turns = stage.transcript.heard_turns()
        last = turns[-1][0] if turns else None
        note = f"{stage.plan.note} {_REOPENED}".strip() if turns else stage.plan.note
        is_due = last is Speaker.CALLER or self._asked_at is not None or self._waiting_since is not None
        answer_now = is_due and bool(turns) and not stage.is_caller_speaking and self._wanted is None
        return Seed(note, turns, tuple(stage.tool_records), answer_now)

    def on_ready(self, event: EngineReady, now: float) -> None:
        stage = self._stage
        if self._is_given_up or stage.phase in (Phase.RINGING, Phase.LEAVING, Phase.ENDED):
            return
        if self._successor is not None:
            self._successor = None
            stage.do(SwitchEngine())
        self.is_ready, self.traits = True, event.traits
        stage.timers.cancel(Timer.ENGINE_READY, Timer.OUTAGE)
        if event.lasts_s is not None and event.lasts_s > 0:
            # Clocks that differ, or short sessions, must not make every session be replaced at once.
            lasts_s = max(event.lasts_s - stage.plan.rotate_before_s, event.lasts_s / 2)
            stage.timers.set(Timer.ROTATION, now + lasts_s)
        while self._buffer:
            stage.do(SendToEngine(self._buffer.popleft()))
        if self._wanted is not None:
            stage.do(self._wanted)
            self._wanted = None
        if self._asked_at is not None:
            stage.timers.set(Timer.RESPONSE, now + stage.plan.response_s)
        if stage.phase is Phase.RECOVERING:
            stage.enter(Phase.CONVERSING)

    # --- asking ----------------------------------------------------------------------------------------------------

    def ask(self, now: float, instructions: str = "", *, may_use_tools: bool = True) -> None:
        """Have the engine speak, at once or as soon as it is ready."""
        if self._is_given_up:
            return
        self._request = RequestResponse(instructions, may_use_tools)
        self._asked_at = now
        self._stage.timers.cancel(Timer.RETRY)
        if self.is_ready:
            self._send_request(now)
        else:
            self._wanted = self._request

    def _send_request(self, now: float) -> None:
        self._stage.do(self._request)
        self._stage.timers.set(Timer.RESPONSE, now + self._stage.plan.response_s)

    def ask_again(self, now: float, *, is_held: bool) -> None:
        """Ask once more for the response that failed, as soon as nobody speaks and nothing else is pending."""
        if is_held or self._stage.is_caller_speaking:
            self._stage.timers.set(Timer.RETRY, now + _ASK_AGAIN_S)
        else:
            self._send_request(now)

    def answer_caller(self, now: float) -> None:
        """The caller has finished a turn: an answer is due."""
        self._waiting_since = now
        self._spoke.clear()
        if self.traits.drives_turns:
            self._asked_at = now
            self._stage.timers.set(Timer.RESPONSE, now + self._stage.plan.response_s)
        else:
            self.ask(now)

    def cancel(self) -> None:
        """Stop what the engine is generating; what still arrives of it is dropped."""
        if self.active is not None and self.active not in self._cancelled:
            self._cancelled.add(self.active)
            self._stage.do(CancelResponse(self.active))
        self._asked_at = self._waiting_since = self._wanted = None
        self._stage.timers.cancel(Timer.RESPONSE, Timer.RETRY)

    def is_cancelled(self, response_id: str) -> bool:
        return response_id in self._cancelled

    def has_spoken_in(self, response_id: str) -> bool:
        return response_id in self._spoke

    # --- signs of life ---------------------------------------------------------------------------------------------

    def on_response_started(self, event: ResponseStarted) -> None:
        self.active = event.response_id

    def first_audio(self, response_id: str, now: float) -> int | None:
        """Audio of a response has come. Returns how long the caller waited for it, in ms, when somebody did."""
        self.sign_of_life()
        self._spoke.add(response_id)
        waited = None if self._waiting_since is None else round((now - self._waiting_since) * 1000)
        self._waiting_since = None
        return waited

    def sign_of_life(self) -> None:
        self._asked_at = None
        self._failures = self._timeouts = 0
        self._stage.timers.cancel(Timer.RESPONSE)

    def on_response_ended(self, event: ResponseEnded, now: float) -> None:
        was_cancelled = event.response_id in self._cancelled
        self._cancelled.discard(event.response_id)
        if self.active == event.response_id:
            self.active = None
        if was_cancelled:
            return
        if event.status is ResponseStatus.FAILED:
            self._on_failed(event, now)
            return
        self._has_failed = False
        if self.active is None and self._stage.timers.is_set(Timer.RESPONSE):
            # A response without a word or a tool: there is nothing to wait for.
            self.sign_of_life()

    def _on_failed(self, event: ResponseEnded, now: float) -> None:
        """Ask once more in a moment; what fails twice needs a fresh session."""
        stage = self._stage
        has_spoken = event.response_id in self._spoke
        if stage.timers.is_set(Timer.RETRY):
            return
        self._asked_at = now
        if self._has_failed or not self.is_ready or self._is_given_up or self.traits.drives_turns:
            self.on_lost(EngineLost(EngineLoss.BROKEN, event.code or "response_failed"), now)
            return
        self._has_failed = True
        if has_spoken:
            stage.do(TellEngine(_BROKE_OFF))
        stage.timers.cancel(Timer.RESPONSE)
        stage.timers.set(Timer.RETRY, now + _ASK_AGAIN_S)

    # --- loss ------------------------------------------------------------------------------------------------------

    def on_lost(self, event: EngineLost, now: float) -> None:
        """Open a new session, or give up. The old one is closed in any case."""
        stage = self._stage
        was_speaking = self.active is not None and self.active in self._spoke and self.active not in self._cancelled
        self.shut()
        self.when_lost(now)
        stage.do(CloseEngine(), ReportTrouble(f"engine_{event.loss}", event.code))
        if stage.phase in (Phase.CLOSING, Phase.LEAVING, Phase.ENDED):
            self._asked_at = self._wanted = None
            return
        if event.loss is EngineLoss.BROKEN:
            self._failures += 1
        if event.loss is EngineLoss.REFUSED or self._failures > len(_RETRY_AFTER_S):
            self._abandon(now)
            return
        if was_speaking:
            # The rest of what it was saying is still to come.
            self._asked_at = now
        if stage.phase is Phase.CONVERSING:
            stage.enter(Phase.RECOVERING)
        stage.timers.set_once(Timer.OUTAGE, now + _OUTAGE_FILLER_S)
        self.open(now, after_s=_RETRY_AFTER_S[max(0, self._failures - 1)])

    def shut(self) -> None:
        """Take the present session as gone."""
        self.is_ready, self.active, self._successor = False, None, None
        self._cancelled.clear()
        self._stage.timers.cancel(Timer.ENGINE_READY, Timer.RESPONSE, Timer.RETRY, Timer.ROTATION)

    def on_open_too_slow(self, now: float) -> None:
        """The session that was asked for is not ready in time: one more try, with a word to the caller."""
        if self._successor is not None:
            self.rotate(now)
            return
        self._timeouts += 1
        self._fill(now)
        if self._timeouts >= _MOST_TIMEOUTS:
            self._stage.do(CloseEngine(), ReportTrouble("engine_slow", "not_ready"))
            self._abandon(now)
        else:
            self._stage.do(CloseEngine())
            self.open(now)

    def on_response_too_slow(self, now: float) -> None:
        """First a filler; then a fresh session; then voicemail."""
        stage = self._stage
        self._timeouts += 1
        self._fill(now)
        if self._timeouts == 1:
            stage.timers.set(Timer.RESPONSE, now + stage.plan.response_s)
        elif self._timeouts == _MOST_TIMEOUTS:
            self.on_lost(EngineLost(EngineLoss.BROKEN, "no_answer"), now)
        else:
            stage.do(CloseEngine(), ReportTrouble("engine_slow", "no_answer"))
            self._abandon(now)

    def on_outage(self, now: float) -> None:
        if not self.is_ready:
            self._fill(now)

    def _fill(self, now: float) -> None:
        stage = self._stage
        if not stage.playback.is_playing and not stage.is_caller_speaking:
            stage.play_phrase(PhraseKey.ONE_MOMENT, now)

    def _abandon(self, now: float) -> None:
        self._is_given_up = True
        self._asked_at = self._wanted = None
        self._stage.timers.cancel(Timer.ENGINE_READY, Timer.RESPONSE, Timer.RETRY, Timer.OUTAGE)
        self._give_up(now)

    # --- rotation --------------------------------------------------------------------------------------------------

    def rotate(self, now: float) -> None:
        """Have a fresh session opened beside one that nears its length limit; the old one serves until then."""
        self._successor = self._seed_of_successor()
        self._stage.do(OpenEngine(self._successor, is_rotation=True))
        self._stage.timers.set(Timer.ENGINE_READY, now + self._stage.plan.engine_ready_s)

    def _seed_of_successor(self) -> Seed:
        # It takes over in a pause, in which nobody waits for a word.
        return replace(self._seed(), answer_now=False)

    @property
    def has_successor(self) -> bool:
        """Whether a fresh session is being opened beside the present one."""
        return self._successor is not None

    @property
    def is_successor_outdated(self) -> bool:
        """Whether more was said since its seed was made."""
        return self._successor is not None and self._successor != self._seed_of_successor()

    def postpone_rotation(self, now: float) -> None:
        """Go on with the present session: this is no moment to change to its successor."""
        self._successor = None
        self._stage.timers.cancel(Timer.ENGINE_READY)
        self._stage.timers.set(Timer.ROTATION, now + _ROTATION_RETRY_S)
