"""Who said what, split into heard and unheard: the turns of a call in the order in which they began."""

from dataclasses import dataclass, field

from app.callflow.words import Speaker, Turn

_TAIL_MS = 60.0
"""An item heard to within this much of its end counts as heard: speech ends before its last frames."""


@dataclass(slots=True)
class _CallerTurn:
    ordinal: int
    started_ms: int
    text: str = ""


@dataclass(slots=True)
class _AssistantTurn:
    ordinal: int
    started_ms: int
    text: str = ""
    response_ms: int | None = None


@dataclass(slots=True)
class Transcript:
    """The turns of one stream; `past` are those from before it, `first_ordinal` continues their numbers."""

    past: tuple[tuple[Speaker, str], ...] = ()
    first_ordinal: int = 0
    _next: int = field(init=False)
    _callers: dict[str, _CallerTurn] = field(default_factory=dict)
    _assistant: dict[str, _AssistantTurn] = field(default_factory=dict)
    _done: dict[int, tuple[Speaker, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next = self.first_ordinal

    def _ordinal(self) -> int:
        self._next += 1
        return self._next - 1

    # --- the caller ------------------------------------------------------------------------------------------------

    def caller_began(self, item_id: str, at_ms: int) -> None:
        if item_id not in self._callers:
            self._callers[item_id] = _CallerTurn(self._ordinal(), at_ms)

    def caller_said(self, item_id: str, text: str, at_ms: int) -> Turn | None:
        """The words of a caller's turn; None when there are none, which makes it no turn."""
        self.caller_began(item_id, at_ms)
        turn = self._callers[item_id]
        turn.text = text.strip()
        if not turn.text:
            return None
        self._done[turn.ordinal] = (Speaker.CALLER, turn.text)
        return Turn(turn.ordinal, Speaker.CALLER, turn.text, turn.started_ms)

    # --- the assistant ---------------------------------------------------------------------------------------------

    def item_began(self, item_id: str, at_ms: int, response_ms: int | None = None) -> None:
        """The first audio of an item was queued. The words may be known already."""
        turn = self._assistant.setdefault(item_id, _AssistantTurn(-1, at_ms))
        if turn.ordinal < 0:
            turn.ordinal, turn.started_ms, turn.response_ms = self._ordinal(), at_ms, response_ms

    def add_text(self, item_id: str, text: str) -> None:
        self._assistant.setdefault(item_id, _AssistantTurn(-1, 0)).text += text

    def set_text(self, item_id: str, text: str) -> None:
        self._assistant.setdefault(item_id, _AssistantTurn(-1, 0)).text = text

    def item_heard(self, item_id: str, heard_ms: float, total_ms: float, *, cut: bool = False) -> Turn | None:
        """The item as far as it was heard; None when no audio of it was ever queued."""
        turn = self._assistant.get(item_id)
        if turn is None or turn.ordinal < 0:
            return None
        heard = turn.text if not cut else heard_part(turn.text, heard_ms, total_ms)
        unheard = turn.text[len(heard) :].strip() if cut else ""
        if heard.strip():
            self._done[turn.ordinal] = (Speaker.ASSISTANT, heard.strip())
        else:
            self._done.pop(turn.ordinal, None)
        return Turn(
            turn.ordinal,
            Speaker.ASSISTANT,
            heard.strip(),
            turn.started_ms,
            unheard=unheard,
            heard_ms=round(heard_ms),
            total_ms=round(total_ms),
            response_ms=turn.response_ms,
            was_interrupted=cut,
        )

    def expect_heard(self, item_id: str) -> None:
        """Count an item as heard while it still sounds: its words so far are all there will be of it."""
        turn = self._assistant.get(item_id)
        if turn is not None and turn.ordinal >= 0 and turn.text.strip():
            self._done[turn.ordinal] = (Speaker.ASSISTANT, turn.text.strip())

    def open_items(self) -> list[str]:
        """Assistant items with audio that are not yet heard to their end."""
        return [name for name, turn in self._assistant.items() if turn.ordinal >= 0]

    def close_item(self, item_id: str) -> None:
        self._assistant.pop(item_id, None)

    # --- the whole -------------------------------------------------------------------------------------------------

    def heard_turns(self) -> tuple[tuple[Speaker, str], ...]:
        """Everything said so far, only what was heard, in order."""
        return self.past + tuple(self._done[ordinal] for ordinal in sorted(self._done))


def heard_part(text: str, heard_ms: float, total_ms: float) -> str:
    """The words of `text` that fit into the heard part of its audio; never a word that was cut.

    Words are taken to be spread evenly over the audio: the engine's transcript carries no times.
    """
    if total_ms <= 0 or heard_ms <= 0:
        return ""
    if heard_ms >= total_ms - _TAIL_MS:
        return text
    end = int(len(text) * heard_ms / total_ms)
    if end < len(text) and not text[end].isspace():
        end = max(text.rfind(" ", 0, end + 1), 0)
    return text[:end]
