"""The heard-audio ledger: what the caller has really heard, from the carrier's marks.

Bytes sent are not time heard: the carrier queues whole replies. Marks, sent about every half second, come back when
the audio before them was played; between two marks playback advances in real time. This one ledger decides
truncation, the silence clocks, the end of the goodbye and the heard part of the transcript.
"""

from collections import deque
from dataclasses import dataclass, field

from app.callflow.commands import ClearPlayback, Command, MarkPlayback, PlayPhrase, PlayToCaller
from app.callflow.words import PhraseKey

MARK_EVERY_MS = 500.0
_SLACK_MS = 40.0
"""How far an unreturned mark may lie behind the estimate: two frames of scheduling at the carrier."""
_BASE64_PER_MS = 32 / 3
"""8 bytes of G.711 a millisecond are 10⅔ base64 characters."""


@dataclass(slots=True)
class _Chunk:
    """Audio of one item between two marks on the carrier's timeline, positions in ms since the last clear.

    It is a rendered phrase from `from_ms` on, or pieces of speech: base64 and ms.
    """

    item_id: str
    start: float
    end: float
    pieces: list[tuple[str, float]] = field(default_factory=list)
    phrase: PhraseKey | None = None
    from_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Cut:
    """Where playback was stopped: the item that was audible, and ms heard of every item that is not complete."""

    audible: str | None
    heard_ms: dict[str, float]
    tail: tuple[_Chunk, ...]
    complete: frozenset[str]
    """Items of the tail of which no more audio will come."""

    def unheard_ms(self, item_id: str) -> float:
        return sum(chunk.end - chunk.start for chunk in self.tail if chunk.item_id == item_id)


class Flow:
    """Speech of one item that only goes on: taken down here, entered into the ledger when anything else happens.

    Pieces of speech come up to 50 times a second for every call, and between two marks nothing follows from them but
    that they are played.
    """

    __slots__ = ("_dry_at", "_room_ms", "began", "item_id", "ms", "pieces", "response_id")

    def __init__(self) -> None:
        self.pieces: list[tuple[str, float]] = []
        """Base64 and ms of what was taken down since the instant `began` (s)."""
        self.close()

    def take(self, item_id: str, payload: str, ms: float, now: float) -> bool:
        """Take a piece down, which is to be played; False for one that more follows from."""
        if item_id != self.item_id or ms >= self._room_ms - self.ms or now > self._dry_at:
            return False
        self.ms += ms
        self._dry_at += ms / 1000
        self.pieces.append((payload, ms))
        return True

    def open(self, response_id: str, item_id: str, *, now: float, room_ms: float, dry_at: float) -> None:
        """Let an item flow until a mark is due after `room_ms`, or its playback has run dry at `dry_at`."""
        self.response_id, self.item_id = response_id, item_id
        self.began, self._room_ms, self._dry_at = now, room_ms, dry_at
        self.ms = 0.0

    def close(self) -> None:
        """Let nothing flow."""
        self.open("", "", now=0.0, room_ms=0.0, dry_at=0.0)


@dataclass(slots=True)
class _Item:
    heard_ms: float = 0.0
    total_ms: float = 0.0
    is_complete: bool = False


@dataclass(slots=True)
class Playback:
    """One call's ledger. Times are in s on the session's clock, audio positions in ms."""

    _items: dict[str, _Item] = field(default_factory=dict)
    _chunks: deque[_Chunk] = field(default_factory=deque)
    _filling: _Chunk | None = None
    _marks: deque[tuple[str, float, float]] = field(default_factory=deque)
    _generation: int = 0
    _next_mark: int = 0
    _sent: float = 0.0
    _marked: float = 0.0
    _played: float = 0.0
    _base: tuple[float, float] = (0.0, 0.0)
    _round_trip_s: float = 0.0

    @property
    def is_playing(self) -> bool:
        """Whether audio is queued or audible that no mark has confirmed."""
        return self._sent > self._played

    def remaining_s(self, now: float) -> float:
        """How long the queued audio still sounds."""
        return max(0.0, self._sent - self._position(now)) / 1000

    def is_moving(self, now: float, within_s: float) -> bool:
        """Whether the carrier has returned a mark, or audio began to play, within the last `within_s`."""
        return now - self._base[1] <= within_s

    def total_ms(self, item_id: str) -> float:
        item = self._items.get(item_id)
        return item.total_ms if item else 0.0

    def audible(self, now: float) -> str | None:
        """The item that sounds at this moment, None when nothing does."""
        position = self._position(now)
        return next((chunk.item_id for chunk in self._chunks if chunk.end > position), None)

    def play(self, item_id: str, payload: str, ms: float, now: float) -> list[Command]:
        """Queue a piece of an item."""
        out = self._begin(now)
        self._extend(item_id, [(payload, ms)], ms)
        out.append(PlayToCaller(payload))
        if self._sent - self._marked >= MARK_EVERY_MS:
            out.append(self._mark(now))
        return out

    def play_phrase(self, item_id: str, key: PhraseKey, ms: float, now: float, from_ms: float = 0.0) -> list[Command]:
        """Queue a rendered phrase from `from_ms` on; `ms` is what remains of it."""
        out = self._begin(now)
        self._append(_Chunk(item_id, self._sent, self._sent + ms, phrase=key, from_ms=from_ms))
        out += (PlayPhrase(key, from_ms), self._mark(now))
        return out

    def open_flow(self, flow: Flow, response_id: str, item_id: str, now: float) -> None:
        """Let an item that is being played flow on."""
        position, at = self._base
        dry_at = at + (self._sent - position) / 1000
        flow.open(response_id, item_id, now=now, room_ms=MARK_EVERY_MS - (self._sent - self._marked), dry_at=dry_at)

    def enter(self, flow: Flow) -> None:
        """Take over what has flowed."""
        self._extend(flow.item_id, flow.pieces, flow.ms)
        flow.pieces = []

    def complete(self, item_id: str, now: float) -> list[Command]:
        """No more audio will come for this item: make sure its end is confirmed by a mark."""
        item = self._items.get(item_id)
        if item is None or item.is_complete:
            return []
        item.is_complete = True
        return [self._mark(now)] if self._sent > self._marked else []

    def reached(self, mark: str, now: float) -> None:
        """A mark came back. Marks of an earlier generation were returned by a clear and prove nothing."""
        if not any(name == mark for name, _, _ in self._marks):
            return
        while self._marks:
            name, position, sent_at = self._marks.popleft()
            if position > self._played:
                self._played = position
                self._base = (position, now - self._round_trip_s)
            elif name == mark:
                # A mark into an empty buffer comes back at once: it measures the way there and back.
                sample = max(0.0, now - sent_at)
                self._round_trip_s = sample if not self._round_trip_s else 0.7 * self._round_trip_s + 0.3 * sample
            if name == mark:
                break
        self._retire()

    def goes_on_behind(self, mark: str) -> bool:
        """Whether the same item was playing before this mark and more of it is queued behind."""
        position = next((position for name, position, _ in self._marks if name == mark), None)
        if position is None or position >= self._sent:
            return False
        return len({chunk.item_id for chunk in self._chunks}) == 1

    def stop(self, now: float) -> tuple[list[Command], Cut]:
        """Silence the carrier and say what was heard; the tail can be queued again with `resume`."""
        position = self._position(now)
        tail: list[_Chunk] = []
        heard: dict[str, float] = {}
        audible: str | None = None
        for chunk in self._chunks:
            item = self._items[chunk.item_id]
            done = min(max(position - chunk.start, 0.0), chunk.end - chunk.start)
            item.heard_ms += done
            if chunk.end > position:
                audible = audible or chunk.item_id
                tail.append(_rest(chunk, done))
                item.total_ms -= chunk.end - chunk.start - done
            heard[chunk.item_id] = item.heard_ms
        self._forget_timeline()
        complete = frozenset(chunk.item_id for chunk in tail if self._items[chunk.item_id].is_complete)
        for item_id in complete:
            self._items[item_id].is_complete = False
        return [ClearPlayback()], Cut(audible, heard, tuple(tail), complete)

    def resume(self, cut: Cut, now: float) -> list[Command]:
        """Queue again what a stop took back."""
        out: list[Command] = []
        for chunk in cut.tail:
            for payload, ms in chunk.pieces:
                out += self.play(chunk.item_id, payload, ms, now)
            if chunk.phrase is not None:
                out += self.play_phrase(chunk.item_id, chunk.phrase, chunk.end - chunk.start, now, chunk.from_ms)
        for item_id in cut.complete:
            self._items[item_id].is_complete = True
        if self._sent > self._marked:
            out.append(self._mark(now))
        return out

    def heard_of(self, item_id: str, now: float) -> float:
        """ms of this item that the caller has heard by now."""
        item = self._items.get(item_id)
        if item is None:
            return 0.0
        position = self._position(now)
        queued = (min(max(position - c.start, 0.0), c.end - c.start) for c in self._chunks if c.item_id == item_id)
        return item.heard_ms + sum(queued)

    def forget(self, item_id: str) -> None:
        self._items.pop(item_id, None)

    def give_up_waiting(self) -> None:
        """Take everything queued as heard: the carrier returns no marks."""
        self._marks.clear()
        self._filling = None
        self._played = self._sent
        self._retire()

    def take_finished(self) -> list[tuple[str, float]]:
        """Items that are complete and heard to their end, with their ms; each is named once and then unknown here."""
        if not any(item.is_complete for item in self._items.values()):
            return []
        queued = {chunk.item_id for chunk in self._chunks}
        done = [(name, item.heard_ms) for name, item in self._items.items() if item.is_complete and name not in queued]
        for name, _ in done:
            del self._items[name]
        return done

    # --- the timeline ----------------------------------------------------------------------------------------------

    def _position(self, now: float) -> float:
        """How far playback will have come when a clear sent now takes effect at the carrier."""
        if not self.is_playing:
            return self._sent
        position, at = self._base
        limit = self._sent
        for _, mark_position, _ in self._marks:
            if mark_position > self._played:
                limit = min(limit, mark_position + self._round_trip_s * 1000 + _SLACK_MS)
                break
        return max(self._played, min(position + (now - at) * 1000, limit, self._sent))

    def _begin(self, now: float) -> list[Command]:
        if self.is_playing:
            # The estimate may have run dry between two deltas: what comes now starts now.
            position, at = self._base
            if position + (now - at) * 1000 > self._sent:
                self._base = (self._sent, now)
            return []
        self._base = (self._sent, now)
        return [self._mark(now)]

    def _extend(self, item_id: str, pieces: list[tuple[str, float]], ms: float) -> None:
        chunk = self._filling
        if chunk is None or chunk.item_id != item_id:
            chunk = self._filling = _Chunk(item_id, self._sent, self._sent)
            self._append(chunk)
        chunk.pieces += pieces
        chunk.end = self._sent = self._sent + ms
        self._items[item_id].total_ms += ms

    def _append(self, chunk: _Chunk) -> None:
        self._chunks.append(chunk)
        self._sent = chunk.end
        if chunk.item_id not in self._items:
            self._items[chunk.item_id] = _Item()
        self._items[chunk.item_id].total_ms += chunk.end - chunk.start

    def _mark(self, now: float) -> MarkPlayback:
        self._next_mark += 1
        name = f"{self._generation}:{self._next_mark}"
        self._marks.append((name, self._sent, now))
        self._marked = self._sent
        self._filling = None
        return MarkPlayback(name)

    def _retire(self) -> None:
        while self._chunks and self._chunks[0].end <= self._played:
            chunk = self._chunks.popleft()
            item = self._items[chunk.item_id]
            item.heard_ms += chunk.end - chunk.start

    def _forget_timeline(self) -> None:
        self._generation += 1
        self._chunks.clear()
        self._filling = None
        self._marks.clear()
        self._sent = self._marked = self._played = 0.0


def _rest(chunk: _Chunk, heard_ms: float) -> _Chunk:
    """What remains of a chunk after `heard_ms`, cut where base64 can be cut (three bytes, 0.375 ms)."""
    start = chunk.start + heard_ms
    if chunk.phrase is not None:
        return _Chunk(chunk.item_id, start, chunk.end, phrase=chunk.phrase, from_ms=chunk.from_ms + heard_ms)
    rest: list[tuple[str, float]] = []
    for payload, ms in chunk.pieces:
        heard = min(heard_ms, ms)
        heard_ms -= heard
        if heard < ms:
            rest.append((payload[int(heard * _BASE64_PER_MS) // 4 * 4 :], ms - heard))
    return _Chunk(chunk.item_id, start, chunk.end, rest)
