"""The default conversation of a session: its items in order."""

from collections.abc import Iterator

from sandbox.speech.realtime.ids import new_id
from sandbox.speech.realtime.items import FunctionCall, FunctionCallOutput, Item, Message
from sandbox.speech.realtime.refusal import Refusal

ROOT = "root"
"""Names the place before the first item."""


class Conversation:
    def __init__(self) -> None:
        self.id = new_id("conv")
        self._items: list[Item] = []

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @property
    def last_id(self) -> str | None:
        return self._items[-1].id if self._items else None

    def append(self, item: Item) -> str | None:
        """Add an item at the end and return the id of the one before it."""
        previous = self.last_id
        self._items.append(item)
        return previous

    def insert(self, item: Item, *, after: str | None) -> str | None:
        """Add an item a client made: after the item named, first for ROOT, last for None.

        Returns the id of the item before it. Refused are an id that exists, a place that does not, and the output
        of a call that nobody made.
        """
        if self._place(item.id) is not None:
            message = f"Error adding item: an item with ID '{item.id}' already exists in the conversation."
            raise Refusal("item_create_duplicate_item_id", message, "item.id")
        if isinstance(item, FunctionCallOutput) and not self._has_call(item.call_id):
            message = f"Tool call ID '{item.call_id}' not found in conversation."
            raise Refusal("invalid_tool_call_id", message, "item.call_id")
        if after is None:
            return self.append(item)
        place = 0 if after == ROOT else self._place_after(after)
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def get(self, item_id: str) -> Item | None:
        place = self._place(item_id)
        return None if place is None else self._items[place]

    def before(self, item_id: str) -> str | None:
        """The id of the item before this one; None for the first and for one that has been deleted."""
        place = self._place(item_id)
        return self._items[place - 1].id if place else None

    def retrieve(self, item_id: str) -> Item:
        item = self.get(item_id)
        if item is None:
            raise _not_found("retrieve", "retrieved", item_id)
        return item

    def delete(self, item_id: str) -> None:
        place = self._place(item_id)
        if place is None:
            raise _not_found("delete", "deleted", item_id)
        del self._items[place]

    def truncate(self, item_id: str, *, end_ms: int) -> None:
        """Forget what lies after `end_ms` in a spoken item of the assistant."""
        item = self.get(item_id)
        if item is None:
            raise _not_found("truncate", "truncated", item_id)
        spoken = item.spoken_audio() if isinstance(item, Message) else None
        if spoken is None:
            message = f"Only model output audio messages can be truncated; item '{item_id}' is not one."
            raise Refusal("item_truncate_invalid_item_id", message, "item_id")
        if end_ms > spoken.ms:
            raise Refusal(None, f"Audio content of {int(spoken.ms)}ms is already shorter than {end_ms}ms")
        spoken.cut(end_ms)

    def _place(self, item_id: str) -> int | None:
        return next((place for place, item in enumerate(self._items) if item.id == item_id), None)

    def _place_after(self, item_id: str) -> int:
        place = self._place(item_id)
        if place is None:
            message = f"Previous item with ID '{item_id}' not found in the conversation."
            raise Refusal("item_create_invalid_previous_item_id", message, "previous_item_id")
        return place + 1

    def _has_call(self, call_id: str) -> bool:
        return any(isinstance(item, FunctionCall) and item.call_id == call_id for item in self._items)


def _not_found(verb: str, participle: str, item_id: str) -> Refusal:
    message = f"Item with ID '{item_id}' cannot be {participle}: it is not in the conversation."
    return Refusal(f"item_{verb}_invalid_item_id", message, "item_id")
