"""The conversation's items: created, retrieved, truncated and deleted (checklist points 7 and 8)."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.speech.parts import Said, Speak, ToolAnswered, ToolAsked, UseTool
from tests.sandbox.speech.realtime_wire import (
    WORD_MS,
    Client,
    Event,
    ScriptedBrain,
    Service,
    base64,
    running,
    tone,
    types,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[Service]:
    async with running() as service:
        yield service


def message(role: str, text: str, **more: object) -> Event:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **more}


async def created(client: Client, item: Event, **place: object) -> tuple[Event, Event]:
    await client.send("conversation.item.create", item=item, **place)
    return await client.next("conversation.item.added"), await client.next("conversation.item.done")


async def refused(client: Client, name: str, **members: object) -> Event:
    await client.send(name, event_id="evt_1", **members)
    error: Event = (await client.next("error"))["error"]
    assert error["event_id"] == "evt_1"
    return error


REFUSED = [
    ({}, "missing_required_parameter", "item.type"),
    ({"type": "item_reference", "id": "item_1"}, "invalid_value", "item.type"),
    ({"type": "message", "content": []}, "missing_required_parameter", "item.role"),
    ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
    ({"type": "message", "role": "owner", "content": []}, "invalid_value", "item.role"),
    (message("user", "x", mood="good"), "unknown_parameter", "item.mood"),
    (message("user", "x", id="i" * 33), "invalid_value", "item.id"),
    (
        {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": "AAAA"}]},
        "invalid_value",
        "item.content[0].type",
    ),
    (
        {"type": "message", "role": "system", "content": [{"type": "input_audio", "audio": "AAAA"}]},
        "invalid_value",
        "item.content[0].type",
    ),
    (
        {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "A"}]},
        "invalid_value",
        "item.content[0].audio",
    ),
    ({"type": "function_call", "arguments": "{}"}, "missing_required_parameter", "item.name"),
    (
        {"type": "function_call_output", "call_id": "call_none", "output": "{}"},
        "invalid_tool_call_id",
        "item.call_id",
    ),
]


class TestCreate:
    @pytest.mark.parametrize("role", ["user", "system", "assistant"])
    async def test_a_message_of_anybody(self, service: Service, role: str) -> None:
        async with service.session() as client:
            added, done = await created(client, message(role, "Hi, this is Ava."))

        item = added["item"]
        assert re.fullmatch(r"item_[0-9A-Za-z]{21}", item["id"])
        assert (item["object"], item["status"], item["role"]) == ("realtime.item", "completed", role)
        assert item["content"] == message(role, "Hi, this is Ava.")["content"]
        assert added["previous_item_id"] is done["previous_item_id"] is None
        assert done["item"] == item

    async def test_a_function_call_and_its_output(self) -> None:
        brain = ScriptedBrain()
        async with running(brain=brain) as service, service.session() as client:
            call = {"type": "function_call", "call_id": "call_abc", "name": "take_message", "arguments": "{}"}
            added, _ = await created(client, call)
            output = {"type": "function_call_output", "call_id": "call_abc", "output": '{"ok":true}'}
            answered, _ = await created(client, output)
            await client.respond()

        assert added["item"] | call == added["item"]
        assert answered["item"] | output == answered["item"]
        assert answered["previous_item_id"] == added["item"]["id"]
        asked = ToolAsked("call_abc", "take_message", "{}")
        assert brain.situations[0].items == (asked, ToolAnswered("call_abc", '{"ok":true}'))

    async def test_a_call_without_an_id_gets_one(self, service: Service) -> None:
        async with service.session() as client:
            added, _ = await created(client, {"type": "function_call", "name": "f", "arguments": "{}"})

        assert re.fullmatch(r"call_[0-9A-Za-z]{16,24}", added["item"]["call_id"])

    async def test_an_answer_to_an_approval_request(self, service: Service) -> None:
        item = {"id": "mcpr_1", "type": "mcp_approval_response", "approval_request_id": "mcpr_req_1", "approve": True}
        async with service.session() as client:
            added, _ = await created(client, item)

        assert added["item"] == item

    async def test_an_image_is_kept(self, service: Service) -> None:
        image = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
        async with service.session() as client:
            added, _ = await created(client, {"type": "message", "role": "user", "content": [image]})

        assert added["item"]["content"] == [image]

    async def test_the_place_may_be_chosen(self, service: Service) -> None:
        async with service.session() as client:
            await created(client, message("user", "b", id="item_b"))
            first, _ = await created(client, message("user", "a", id="item_a"), previous_item_id="root")
            last, _ = await created(client, message("user", "d", id="item_d"), previous_item_id=None)
            between, _ = await created(client, message("user", "c", id="item_c"), previous_item_id="item_b")
            (live, *_) = (await service.get("/sandbox/sessions"))["sessions"]

        places = [added["previous_item_id"] for added in (first, last, between)]
        assert places == [None, "item_b", "item_b"]
        assert [item["id"] for item in live["conversation"]] == ["item_a", "item_b", "item_c", "item_d"]

    @pytest.mark.parametrize(("item", "code", "param"), REFUSED)
    async def test_what_is_no_item_is_refused(self, service: Service, item: Event, code: str, param: str) -> None:
        async with service.session() as client:
            error = await refused(client, "conversation.item.create", item=item)

        assert (error["code"], error["param"]) == (code, param)

    async def test_an_id_exists_once(self, service: Service) -> None:
        async with service.session() as client:
            await created(client, message("user", "a", id="item_a"))
            error = await refused(client, "conversation.item.create", item=message("user", "b", id="item_a"))

        assert error["code"] == "item_create_duplicate_item_id"

    async def test_an_item_cannot_follow_one_that_is_not_there(self, service: Service) -> None:
        async with service.session() as client:
            item = message("user", "a")
            error = await refused(client, "conversation.item.create", item=item, previous_item_id="item_none")

        assert error["code"] == "item_create_invalid_previous_item_id"


class TestDeleteAndRetrieve:
    async def test_a_deleted_item_is_gone(self) -> None:
        brain = ScriptedBrain()
        async with running(brain=brain) as service, service.session() as client:
            await created(client, message("user", "a", id="item_a"))
            await created(client, message("user", "b", id="item_b"))
            await client.send("conversation.item.delete", item_id="item_a")
            deleted = await client.next("conversation.item.deleted")
            error = await refused(client, "conversation.item.retrieve", item_id="item_a")
            await client.respond()

        assert deleted["item_id"] == "item_a"
        assert error["code"] == "item_retrieve_invalid_item_id"
        assert brain.situations[0].items == (Said("user", "b"),)

    async def test_only_what_is_there_is_deleted(self, service: Service) -> None:
        async with service.session() as client:
            error = await refused(client, "conversation.item.delete", item_id="item_none")

        assert (error["code"], error["param"]) == ("item_delete_invalid_item_id", "item_id")

    async def test_audio_is_retrieved_in_the_format_of_the_session(self, service: Service) -> None:
        async with service.session() as client:
            await client.telephone()
            await client.append(tone(200))
            await client.send("input_audio_buffer.commit")
            committed = await client.next("input_audio_buffer.committed")
            await client.send("conversation.item.retrieve", item_id=committed["item_id"])
            retrieved = await client.next("conversation.item.retrieved")

        content = retrieved["item"]["content"]
        assert content == [{"type": "input_audio", "transcript": None, "audio": base64(tone(200))}]


class TestTruncate:
    """The assistant says five words of WORD_MS each."""

    SPEECH = Speak("We are open every day.")

    async def _spoken(self, client: Client) -> str:
        await client.telephone()
        done = (await client.respond())[-1]
        item_id: str = done["response"]["output"][0]["id"]
        return item_id

    async def test_what_was_not_heard_is_forgotten(self) -> None:
        brain = ScriptedBrain([[self.SPEECH]])
        async with running(brain=brain) as service, service.session() as client:
            item_id = await self._spoken(client)
            cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": 2 * WORD_MS}
            await client.send("conversation.item.truncate", **cut)
            truncated = await client.next("conversation.item.truncated")
            await client.send("conversation.item.retrieve", item_id=item_id)
            retrieved = await client.next("conversation.item.retrieved")
            await client.respond()

        assert {key: truncated[key] for key in cut} == cut
        (content,) = retrieved["item"]["content"]
        assert content["transcript"] is None
        assert len(content["audio"]) == len(base64(bytes(2 * WORD_MS * 8)))
        assert brain.situations[1].items == (Said("assistant", "We are"),)

    async def test_there_must_be_that_much_audio(self) -> None:
        async with running(brain=ScriptedBrain([[self.SPEECH]])) as service, service.session() as client:
            item_id = await self._spoken(client)
            error = await refused(
                client, "conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=5 * WORD_MS + 1
            )

        assert error["message"] == f"Audio content of {5 * WORD_MS}ms is already shorter than {5 * WORD_MS + 1}ms"
        assert error["code"] is None
        assert error["param"] is None
        assert error["type"] == "invalid_request_error"

    async def test_a_second_truncation_can_only_shorten(self) -> None:
        async with running(brain=ScriptedBrain([[self.SPEECH]])) as service, service.session() as client:
            item_id = await self._spoken(client)
            place = {"item_id": item_id, "content_index": 0}
            await client.send("conversation.item.truncate", **place, audio_end_ms=500)
            await client.next("conversation.item.truncated")
            error = await refused(client, "conversation.item.truncate", **place, audio_end_ms=600)
            await client.send("conversation.item.truncate", **place, audio_end_ms=400)
            await client.next("conversation.item.truncated")

        assert error["message"] == "Audio content of 500ms is already shorter than 600ms"

    async def test_only_spoken_items_of_the_assistant_are_truncated(self, service: Service) -> None:
        async with service.session() as client:
            await created(client, message("user", "a", id="item_a"))
            await created(client, message("assistant", "b", id="item_b"))
            place = {"content_index": 0, "audio_end_ms": 0}
            errors = [
                await refused(client, "conversation.item.truncate", item_id=item_id, **place)
                for item_id in ("item_a", "item_b", "item_none")
            ]

        assert {error["code"] for error in errors} == {"item_truncate_invalid_item_id"}

    @pytest.mark.parametrize(
        ("members", "code", "param"),
        [
            ({"content_index": 0, "audio_end_ms": -1}, "invalid_value", "audio_end_ms"),
            ({"content_index": 1, "audio_end_ms": 5}, "invalid_value", "content_index"),
            ({"content_index": 0, "audio_end_ms": 1.5}, "invalid_type", "audio_end_ms"),
            ({"content_index": 0}, "missing_required_parameter", "audio_end_ms"),
        ],
    )
    async def test_its_members_are_checked(self, service: Service, members: Event, code: str, param: str) -> None:
        async with service.session() as client:
            error = await refused(client, "conversation.item.truncate", item_id="item_a", **members)

        assert (error["code"], error["param"]) == (code, param)


async def test_a_tool_asked_for_can_be_answered() -> None:
    brain = ScriptedBrain([[UseTool("look_up", {"name": "Bob"})], [Speak("Found him.")]])
    async with running(brain=brain) as service, service.session() as client:
        await client.telephone()
        call = (await client.respond())[-1]["response"]["output"][0]
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "{}"}
        answered, _ = await created(client, output)
        events = await client.respond()

    assert answered["previous_item_id"] == call["id"]
    assert brain.situations[1].items[0] == ToolAsked(call["call_id"], "look_up", '{"name": "Bob"}')
    assert "response.output_audio.delta" in types(events)
