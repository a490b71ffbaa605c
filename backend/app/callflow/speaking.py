"""The assistant's side of the talk: audio on its way to the caller and the turns it becomes."""

from app.callflow.commands import SaveTurn, TellEngine
from app.callflow.engine_link import EngineLink
from app.callflow.events import AssistantAudio, AssistantItemDone, AssistantText
from app.callflow.playback import Cut
from app.callflow.stage import Stage, phrase_of
from app.callflow.timers import Timer
from app.callflow.transitions import Phase
from app.callflow.words import Speaker

_HEARD_ONLY = "The caller interrupted you. Of your last turn they heard only: {text}"
_MARK_PATIENCE_S = 5.0
"""How long after its computed end playback is taken to go on when the carrier returns no mark."""


class Speaking:
    """Plays what the engine says; can be paused while a barge-in is being confirmed."""

    def __init__(self, stage: Stage, link: EngineLink) -> None:
        self._stage = stage
        self._link = link
        self._cut: Cut | None = None
        self._held: list[AssistantAudio] = []
        self._held_done: list[str] = []
        self._items: set[str] = set()
        self._orphans: set[str] = set()
        """Items that still sound, of an engine session that is gone."""

    @property
    def is_paused(self) -> bool:
        return self._cut is not None

    def is_flowing(self, response_id: str, item_id: str) -> bool:
        """Whether more audio of this item would only continue what is being played."""
        return (
            item_id in self._items
            and self._cut is None
            and self._stage.playback.is_playing
            and not self._link.is_cancelled(response_id)
            and self._stage.phase not in (Phase.LEAVING, Phase.ENDED)
        )

    # --- from the engine -------------------------------------------------------------------------------------------

    def on_audio(self, event: AssistantAudio, now: float) -> None:
        stage, link = self._stage, self._link
        if stage.phase in (Phase.LEAVING, Phase.ENDED) or link.is_cancelled(event.response_id):
            return
        if event.item_id not in self._items:
            self._items.add(event.item_id)
            stage.transcript.item_began(event.item_id, stage.ms(now), link.first_audio(event.response_id, now))
        if self._cut is not None:
            self._held.append(event)
            return
        stage.do(*stage.playback.play(event.item_id, event.payload, event.ms, now))

    def on_text(self, event: AssistantText) -> None:
        if not self._link.is_cancelled(event.response_id):
            self._stage.transcript.add_text(event.item_id, event.text)

    def on_item_done(self, event: AssistantItemDone, now: float) -> None:
        if self._link.is_cancelled(event.response_id):
            return
        self._stage.transcript.set_text(event.item_id, event.text)
        self._complete(event.item_id, now)

    def _complete(self, item_id: str, now: float) -> None:
        if self._cut is not None:
            self._held_done.append(item_id)
        else:
            self._stage.do(*self._stage.playback.complete(item_id, now))

    def on_response_ended(self, now: float) -> None:
        """What has come of its items is all there will be, be they announced as done or not."""
        for item_id in self._items:
            self._complete(item_id, now)

    def complete_all(self, now: float) -> None:
        """The engine is gone: what is queued is all there will be of every item, and the next session is told so."""
        for item_id in self._items:
            self._complete(item_id, now)
            self._stage.transcript.expect_heard(item_id)
        self._orphans |= self._items

    # --- what was heard --------------------------------------------------------------------------------------------

    def collect_heard(self, now: float) -> None:
        """Turn items that were heard to their end into stored turns."""
        stage = self._stage
        for item_id, ms in stage.playback.take_finished():
            self._items.discard(item_id)
            self._orphans.discard(item_id)
            turn = stage.transcript.item_heard(item_id, ms, ms)
            stage.transcript.close_item(item_id)
            if turn is None:
                continue
            stage.do(SaveTurn(turn))
            if phrase_of(item_id) is not None:
                # The engine did not say this itself; it has to know that the caller heard it.
                stage.do(TellEngine(turn.text, Speaker.ASSISTANT))
        if stage.playback.is_playing:
            stage.timers.set_once(Timer.PLAYBACK, now + stage.playback.remaining_s(now) + _MARK_PATIENCE_S)
        else:
            stage.timers.cancel(Timer.PLAYBACK)

    def on_marks_missing(self, now: float) -> None:
        """Playback should be over by now, unless more audio came meanwhile."""
        stage = self._stage
        left = stage.playback.remaining_s(now)
        if left > 0 and stage.playback.is_moving(now, _MARK_PATIENCE_S):
            stage.timers.set(Timer.PLAYBACK, now + left + _MARK_PATIENCE_S)
        else:
            stage.playback.give_up_waiting()

    # --- pause, resume, drop ---------------------------------------------------------------------------------------

    def pause(self, now: float) -> None:
        """Fall silent at once, keeping what was not heard."""
        commands, self._cut = self._stage.playback.stop(now)
        self._stage.do(*commands)
        self._held, self._held_done = [], []

    def resume(self, now: float) -> None:
        """Go on where `pause` stopped."""
        if self._cut is None:
            return
        stage = self._stage
        cut, self._cut = self._cut, None
        stage.do(*stage.playback.resume(cut, now))
        for audio in self._held:
            stage.do(*stage.playback.play(audio.item_id, audio.payload, audio.ms, now))
        for item_id in self._held_done:
            self._complete(item_id, now)
        self._held, self._held_done = [], []

    def drop(self) -> list[tuple[str, float]]:
        """Give up what `pause` kept: the caller took the floor.

        Returns the engine's items that the engine believes said but the caller did not hear whole, with the ms that
        were heard of each.
        """
        if self._cut is None:
            return []
        cut, self._cut = self._cut, None
        heard = dict(cut.heard_ms)
        for audio in self._held:
            heard.setdefault(audio.item_id, 0.0)
        lost: list[tuple[str, float]] = []
        for item_id, heard_ms in heard.items():
            unheard_ms = cut.unheard_ms(item_id) + sum(a.ms for a in self._held if a.item_id == item_id)
            is_whole = unheard_ms <= 0 and item_id in self._done_items(cut)
            is_known = item_id not in self._orphans and phrase_of(item_id) is None
            self._close(item_id, heard_ms, heard_ms + unheard_ms, is_whole=is_whole)
            if not is_whole and is_known:
                lost.append((item_id, heard_ms))
        self._held, self._held_done = [], []
        return lost

    def _done_items(self, cut: Cut) -> set[str]:
        return set(cut.complete) | set(self._held_done)

    def _close(self, item_id: str, heard_ms: float, total_ms: float, *, is_whole: bool) -> None:
        stage = self._stage
        turn = stage.transcript.item_heard(item_id, heard_ms, total_ms, cut=not is_whole)
        stage.transcript.close_item(item_id)
        stage.playback.forget(item_id)
        self._items.discard(item_id)
        is_orphan = item_id in self._orphans
        self._orphans.discard(item_id)
        if turn is None:
            return
        stage.do(SaveTurn(turn))
        if is_orphan and not is_whole:
            stage.do(TellEngine(_HEARD_ONLY.format(text=turn.text or "nothing")))
        elif phrase_of(item_id) is not None and turn.text:
            stage.do(TellEngine(turn.text, Speaker.ASSISTANT))
