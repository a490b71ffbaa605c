"""What a person does with the page: ring, type, press keys, hang up, read, and meet trouble."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.softphone.conftest import Microphone, listen_for_complaints
from tests.softphone.exchange import Exchange, Handset

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def _ring(page: Page, exchange: Exchange) -> Handset:
    await page.get_by_role("button", name="Ring").click()
    handset = await exchange.call()
    await page.get_by_text("The assistant listens.").wait_for()
    return handset


_MESSAGE = {
    "kind": "taken",
    "text": "Call Anna back",
    "caller_name": "Anna",
    "callback_number": "+15550100042",
    "urgency": "urgent",
}


def _turn(ordinal: int, speaker: str, text: str, **more: object) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "speaker": speaker,
        "text": text,
        "unheard": "",
        "heard_ms": 900,
        "total_ms": 900,
        "started_ms": 1000 * ordinal,
        "response_ms": None,
        "was_interrupted": False,
    } | more


def _record(sid: str, **more: object) -> dict[str, Any]:
    return {
        "id": f"call-{sid}",
        "carrier_call_id": sid,
        "caller": {"identity": "number", "number": "+15550100001", "name": ""},
        "started_at": "2026-11-23T12:00:00Z",
        "ended_at": None,
        "disposition": None,
        "duration_s": None,
        "cost_micro_usd": 0,
        "troubles": [],
        "turns": [],
        "tool_calls": [],
        "messages": [],
    } | more


class TestRinging:
    async def test_places_the_call_that_was_chosen(self, page: Page, exchange: Exchange) -> None:
        await page.get_by_label("You call from").select_option("anonymous")
        await page.get_by_text("Network").click()
        await page.get_by_label("Proof of your number").select_option("TN-Validation-Passed-C")
        await page.get_by_label("Jitter").fill("40")
        handset = await _ring(page, exchange)

        assert handset.order == {
            "from": "anonymous",
            "to": "+15550001111",
            "params": {"StirVerstat": "TN-Validation-Passed-C"},
            "network": {"jitter_ms": 40, "loss_pct": 0},
        }

    async def test_says_why_a_number_cannot_be_rung(self, exchange: Exchange, browser: Browser) -> None:
        page = await browser.new_page()
        await page.goto(exchange.url)

        await page.get_by_label("You call", exact=True).fill("+15559999999")
        await page.get_by_role("button", name="Ring").click()

        await expect(page.get_by_role("alert")).to_have_text("+15559999999 is not in service.")
        await expect(page.get_by_role("button", name="Ring")).to_be_enabled()
        await page.close()

    async def test_works_from_the_keyboard_alone(self, page: Page, exchange: Exchange) -> None:
        await page.get_by_label("You call", exact=True).focus()
        await page.keyboard.press("Enter")
        handset = await exchange.call()
        await page.get_by_text("The assistant listens.").wait_for()

        await page.keyboard.type("Good morning")  # the line to type into has the focus
        await page.keyboard.press("Enter")
        (order,) = await handset.ordered("say")
        await page.get_by_role("status").first.click()
        await page.keyboard.press("7")
        await page.keyboard.press("#")

        assert (order["text"], order["language"]) == ("Good morning", "en")
        assert [order["digits"] for order in await handset.ordered("press", 2)] == ["7", "#"]

    async def test_tells_how_the_call_stands_and_how_it_ended(self, page: Page, exchange: Exchange) -> None:
        status = page.locator("#status")
        handset = await _ring(page, exchange)

        for event, words in (
            ("playing", "The assistant is speaking."),
            ("caller_started", "You are speaking over the assistant."),
            ("quiet", "You are speaking."),
            ("caller_finished", "The assistant listens."),
        ):
            handset.tell(event, id="x")
            await expect(status).to_have_text(words)
        handset.tell("verb", verb="Record")
        await expect(status).to_have_text(re.compile("Leave your message"))
        handset.end("app")

        await expect(status).to_have_text("The assistant hung up after 0:03.")
        await expect(page.get_by_role("button", name="Ring")).to_be_visible()

    async def test_hanging_up_tells_the_carrier(self, page: Page, exchange: Exchange) -> None:
        handset = await _ring(page, exchange)

        await page.get_by_role("button", name="Hang up").click()

        await handset.ordered("hang_up")
        await expect(page.locator("#status")).to_have_text("You hung up after 0:03.")

    async def test_a_second_call_begins_afresh(self, page: Page, exchange: Exchange) -> None:
        first = await _ring(page, exchange)
        first.tell("said", text="Please hold.")
        await expect(page.get_by_text("Please hold.")).to_be_visible()
        first.end()

        await page.get_by_role("button", name="Ring").click()
        second = await exchange.call(2)
        await page.get_by_text("The assistant listens.").wait_for()

        await expect(page.get_by_text("Please hold.")).to_be_hidden()
        assert second.sid != first.sid


class TestConversation:
    async def test_a_typed_line_shows_at_once_and_gives_way_to_what_was_understood(
        self, page: Page, exchange: Exchange
    ) -> None:
        handset = await _ring(page, exchange)
        await page.get_by_label("What you say").fill("It's <b>Anna</b>")
        await page.get_by_role("button", name="Say", exact=True).click()
        (order,) = await handset.ordered("say")
        handset.tell("caller_started", id=order["id"], text=order["text"])
        await expect(page.get_by_text("It's <b>Anna</b>")).to_be_visible()
        await expect(page.get_by_text("being spoken")).to_be_visible()

        at_ms = handset.events[-1]["at"] * 1000
        turn = _turn(0, "caller", "it's anna", started_ms=round(at_ms))
        exchange.records[handset.sid] = _record(handset.sid, turns=[turn])

        await expect(page.get_by_text("it's anna", exact=True)).to_be_visible()
        await expect(page.get_by_text("It's <b>Anna</b>")).to_be_hidden()

    async def test_shows_turns_digits_and_tools_in_the_order_of_time(self, page: Page, exchange: Exchange) -> None:
        handset = await _ring(page, exchange)
        handset.tell("dtmf", digit="4")
        tool = {"tool_call_id": "t1", "name": "take_message", "arguments": '{"text":"call back"}', "output": None}
        exchange.records[handset.sid] = _record(
            handset.sid,
            turns=[
                _turn(0, "assistant", "Hello, how can", unheard="I help you?", started_ms=60_000),
                _turn(1, "caller", "Tell him to call back", started_ms=62_000, response_ms=None),
                _turn(2, "assistant", "I will", started_ms=63_000, response_ms=640),
            ],
            tool_calls=[tool | {"status": "requested", "requested_at": "2026-11-23T12:01:05Z"}],
        )

        entries = page.get_by_role("log").get_by_role("listitem")
        await expect(entries).to_have_count(5)
        await expect(entries).to_contain_text(["4", "Hello, how can", "call back", "I will", "take message asked for"])
        await expect(page.get_by_text("after 0.6 s")).to_be_visible()
        await expect(page.locator("s")).to_have_text("I help you?")

    async def test_the_record_being_out_of_reach_does_not_disturb_the_call(
        self, exchange: Exchange, browser: Browser
    ) -> None:
        page = await browser.new_page()
        exchange.has_history = False
        await page.goto(exchange.url)
        await expect(page.locator("#history-note")).to_have_text("The application does not answer.")

        handset = await _ring(page, exchange)
        handset.tell("said", text="Leave a message.")

        await expect(page.get_by_text("Leave a message.")).to_be_visible()
        await page.close()

    async def test_stop_talking_drops_what_is_being_said(self, page: Page, exchange: Exchange) -> None:
        handset = await _ring(page, exchange)
        await page.get_by_role("button", name="That is all, thank you. Goodbye.").click()
        (order,) = await handset.ordered("say")
        handset.tell("caller_started", id=order["id"], text=order["text"])

        await page.get_by_role("button", name="Stop talking").click()

        assert await handset.ordered("stop_talking") == [{"do": "stop_talking"}]


class TestPastCalls:
    async def test_lists_them_and_opens_one_with_its_recording(self, page: Page, exchange: Exchange) -> None:
        await expect(page.get_by_text("No calls yet.")).to_be_visible()
        handset = await _ring(page, exchange)
        exchange.records[handset.sid] = _record(
            handset.sid,
            ended_at="2026-11-23T12:00:09Z",
            disposition="message_taken",
            duration_s=9,
            turns=[_turn(0, "caller", "Please call me back")],
            messages=[_MESSAGE],
            troubles=[{"what": "engine_slow", "code": "", "at": "2026-11-23T12:00:03Z"}],
        )
        handset.end()

        past = page.get_by_role("button", name="+15550100001 Message taken")
        await past.click()
        panel = page.locator(".panel:visible")

        await expect(panel.get_by_text("Please call me back")).to_be_visible()
        await expect(panel.locator(".message")).to_have_text(
            "Message for the owner Anna · +15550100042 · urgentCall Anna back"
        )
        await expect(panel.get_by_text("Trouble: engine slow")).to_be_visible()
        assert await panel.locator("audio").get_attribute("src") == f"/sandbox/calls/{handset.sid}/audio.wav"
        await past.click()
        await expect(panel).to_have_count(0)

    async def test_the_recording_stays_when_the_record_cannot_be_read(
        self, exchange: Exchange, browser: Browser
    ) -> None:
        page = await browser.new_page()
        exchange.has_history = False
        await page.goto(exchange.url)
        handset = await _ring(page, exchange)
        handset.tell("dtmf", digit="8")
        handset.end()

        await page.get_by_role("button", name="+15550100001 completed").click()
        panel = page.locator(".panel:visible")

        await expect(panel.get_by_role("alert")).to_have_text("The application does not answer.")
        await expect(panel.get_by_role("listitem")).to_contain_text("8")
        await expect(panel.locator("audio")).to_be_visible()
        await page.close()


class TestMicrophoneTrouble:
    async def test_blocked(self, exchange: Exchange, browser: Browser) -> None:
        context = await browser.new_context(permissions=[])
        page = await context.new_page()
        complaints = listen_for_complaints(page)
        await page.goto(exchange.url)

        await page.get_by_role("button", name="Speak by microphone").click()

        await expect(page.locator("#microphone-note")).to_contain_text("The microphone is blocked.")
        assert complaints == []
        await context.close()

    async def test_not_there(self, exchange: Exchange, browser_with: Microphone) -> None:
        async with browser_with(is_there=False) as browser:
            page = await browser.new_page(permissions=["microphone"])
            await page.goto(exchange.url)

            await page.get_by_role("button", name="Speak by microphone").click()

            await expect(page.locator("#microphone-note")).to_contain_text("No microphone was found.")
            await expect(page.get_by_role("button", name="Speak by microphone")).to_be_enabled()

    async def test_insecure_page_still_places_typed_calls(self, exchange: Exchange, browser: Browser) -> None:
        page = await browser.new_page()
        await page.goto(exchange.url.replace("127.0.0.1", "softphone.example"))

        await page.get_by_role("button", name="Speak by microphone").click()
        await expect(page.locator("#microphone-note")).to_contain_text("https:// and http://localhost only")
        handset = await _ring(page, exchange)
        await expect(page.get_by_role("alert").first).to_contain_text("There is no sound")
        await page.get_by_label("What you say").fill("Hello")
        await page.keyboard.press("Enter")

        assert (await handset.ordered("say"))[0]["text"] == "Hello"
        await page.close()


class TestLayout:
    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    async def test_nothing_sticks_out(self, page: Page, exchange: Exchange, width: int) -> None:
        await page.set_viewport_size({"width": width, "height": 800})
        handset = await _ring(page, exchange)
        handset.tell("said", text="Donaudampfschifffahrtsgesellschaftskapitän" * 4)
        await expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(1)

        overhang = """() => [...document.querySelectorAll("main *")]
          .filter(it => it.getBoundingClientRect().width && !it.closest("#suggestions"))
          .filter(it => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .map(it => it.outerHTML.slice(0, 80))"""

        assert await page.evaluate(overhang) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    async def test_every_control_has_a_name(self, page: Page) -> None:
        nameless = """() => [...document.querySelectorAll("button, input, select, audio, [role]")]
          .filter(it => !it.labels?.length && !it.ariaLabel && !it.textContent.trim()
                        && !it.hasAttribute("aria-labelledby") && !["alert", "status"].includes(it.role))
          .map(it => it.outerHTML)"""

        assert await page.evaluate(nameless) == []
