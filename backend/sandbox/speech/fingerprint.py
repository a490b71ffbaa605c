"""Knowing one's own voice again: which renderings an utterance consists of, by comparing mu-law bytes.

The whole path between the sandbox's voice and its ears carries G.711 unchanged, so equal bytes are proof. Every
rendering is indexed by its windows of 10 ms; an utterance is searched at every alignment until a window is known,
then compared byte by byte. Only what really arrived counts: a word that was cut off is not heard.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from audiokit.mulaw import BYTES_PER_MS, SILENCE
from sandbox.speech.parts import Heard, Rendering, Word

WINDOW_BYTES = 80
_MOST_BYTES = 32 * 1024 * 1024
"""Audio remembered, about 70 minutes; beyond that the renderings longest unused are forgotten."""

_MOST_OWNERS = 64
"""Renderings remembered for one window: a window that more have in common tells nothing."""

_HEARD_SHARE = 0.8
"""A word counts as heard when at least this share of it arrived."""

_PLAIN = 4
"""A window of fewer different bytes is silence or a hum and proves nothing."""

_NEGATIVE_ZERO_TO_ZERO = bytes(255 if byte == 0x7F else byte for byte in range(256))


@dataclass(eq=False, slots=True)
class _Known:
    """A rendering with its language; `audio` has no minus zeros."""

    audio: bytes
    words: tuple[Word, ...]
    language: str


@dataclass(frozen=True, slots=True)
class _Match:
    """Bytes `begin` to `end` of an utterance are those from `offset` on of a rendering."""

    known: _Known
    offset: int
    begin: int
    end: int

    @property
    def offset_end(self) -> int:
        return self.offset + self.end - self.begin


@dataclass(slots=True)
class Passage:
    """A rendering found in an utterance: the spans of its bytes that arrived, in order."""

    known: _Known
    spans: list[tuple[int, int]] = field(default_factory=list)

    def heard_words(self) -> list[str]:
        return [word.text for word in self.known.words if self._arrived(word)]

    def _arrived(self, word: Word) -> bool:
        begin, end = word.start_ms, word.end_ms
        spans = [(first / BYTES_PER_MS, last / BYTES_PER_MS) for first, last in self.spans]
        if end <= begin:  # it does not sound, as a lone dash
            return any(first <= begin <= last for first, last in spans)
        arrived = sum(max(min(end, last) - max(begin, first), 0.0) for first, last in spans)
        return arrived >= _HEARD_SHARE * (end - begin)


class Fingerprints:
    """The renderings that can be recognised. Not for use by several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._renderings: OrderedDict[bytes, _Known] = OrderedDict()
        self._windows: dict[bytes, list[tuple[_Known, int]]] = {}

    def __len__(self) -> int:
        return len(self._renderings)

    def register(self, rendering: Rendering, *, language: str = "en") -> None:
        """Remember a rendering; registering it again keeps it from being forgotten."""
        audio = _canonical(rendering.audio)
        if not audio.strip(SILENCE):
            return
        if audio in self._renderings:
            self._renderings.move_to_end(audio)
            return
        known = _Known(audio, rendering.words, language)
        self._renderings[audio] = known
        self._bytes += len(audio)
        for offset, window in _windows_of(audio):
            owners = self._windows.setdefault(window, [])
            if len(owners) < _MOST_OWNERS:
                owners.append((known, offset))
        while self._bytes > self._most_bytes and len(self._renderings) > 1:
            self._forget(self._renderings.popitem(last=False)[1])

    def recognise(self, audio: bytes) -> Heard | None:
        """The words of all renderings in an utterance, in order; None when it contains none of them.

        The text is empty when of every rendering too little arrived for a single word.
        """
        passages = self.passages(audio)
        if not passages:
            return None
        words = [word for passage in passages for word in passage.heard_words()]
        return Heard(" ".join(words), passages[-1].known.language)

    def passages(self, audio: bytes) -> list[Passage]:
        """The renderings an utterance contains, in order; a gap inside a rendering does not end its passage."""
        passages: list[Passage] = []
        for match in self._matches(_canonical(audio)):
            last = passages[-1] if passages else None
            if last is None or last.known is not match.known or match.offset < last.spans[-1][1]:
                last = Passage(match.known)
                passages.append(last)
            last.spans.append((match.offset, match.offset_end))
        return passages

    def _matches(self, audio: bytes) -> list[_Match]:
        matches: list[_Match] = []
        windows = self._windows
        position, done = 0, 0
        while position <= len(audio) - WINDOW_BYTES:
            owners = windows.get(audio[position : position + WINDOW_BYTES])
            if owners is None:
                position += 1
                continue
            previous = matches[-1] if matches else None
            best = max(
                (_grown(audio, known, offset, position, done) for known, offset in owners),
                key=lambda match: _merit(match, previous),
            )
            matches.append(best)
            position = done = best.end
        return matches

    def _forget(self, known: _Known) -> None:
        self._bytes -= len(known.audio)
        for _, window in _windows_of(known.audio):
            owners = [owner for owner in self._windows.get(window, ()) if owner[0] is not known]
            if owners:
                self._windows[window] = owners
            else:
                self._windows.pop(window, None)


def _merit(match: _Match, previous: _Match | None) -> tuple[int, bool, bool]:
    """The longest match is the best; among equals, one that goes on with the rendering before it, then a whole one."""
    goes_on = previous is not None and previous.known is match.known and match.offset >= previous.offset_end
    return (match.end - match.begin, goes_on, match.offset_end == len(match.known.audio))


def _grown(audio: bytes, known: _Known, offset: int, position: int, done: int) -> _Match:
    """The longest run of equal bytes around a window; it does not reach back before `done`."""
    before = 0
    most = min(offset, position - done)
    while before < most and audio[position - before - 1] == known.audio[offset - before - 1]:
        before += 1
    after = _common_length(audio, position, known.audio, offset)
    return _Match(known, offset - before, position - before, position + after)


def _common_length(left: bytes, left_at: int, right: bytes, right_at: int) -> int:
    """How many bytes two pieces of audio have in common from given positions on."""
    most = min(len(left) - left_at, len(right) - right_at)
    length = 0
    step = WINDOW_BYTES
    while length < most:
        piece = min(step, most - length)
        if left[left_at + length : left_at + length + piece] == right[right_at + length : right_at + length + piece]:
            length += piece
        elif piece == 1:
            break
        else:
            step = 1
    return length


def _windows_of(audio: bytes) -> list[tuple[int, bytes]]:
    """The windows of a rendering that say something, with their positions."""
    found = []
    for offset in range(0, len(audio) - WINDOW_BYTES + 1, WINDOW_BYTES):
        window = audio[offset : offset + WINDOW_BYTES]
        if len(set(window)) >= _PLAIN:
            found.append((offset, window))
    return found


def _canonical(audio: bytes) -> bytes:
    """Minus zero (0x7F) becomes zero (0xFF): both are silence, and some paths exchange them."""
    return audio.translate(_NEGATIVE_ZERO_TO_ZERO)
