"""What a person does with the page: ring, type, press keys, hang up, read, and meet trouble."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.softphone.application import Application
from tests.softphone.carriers import Carrier
from tests.softphone.conftest import Microphone, listen_for_complaints, ring
from tests.softphone.signals import speech_like, to_mulaw

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


NUMBER = "+15550001111"

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


async def _say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="What you say").fill(text)
    await page.get_by_role("button", name="Say", exact=True).click()


class TestRinging:
    async def test_places_the_call_that_was_chosen(self, page: Page, application: Application) -> None:
        await page.get_by_label("You call from").select_option("anonymous")
        await page.get_by_text("Network").click()
        await page.get_by_label("Proof of your number").select_option("TN-Validation-Passed-C")
        await page.get_by_label("Jitter").fill("40")

        async with page.expect_request("**/sandbox/calls") as request:
            await ring(page, application)

        order = (await request.value).post_data_json or {}
        assert order["network"] == {"jitter_ms": 40, "loss_pct": 0}
        (rung,) = application.rings
        assert (rung["From"], rung["To"], rung["StirVerstat"]) == ("anonymous", NUMBER, "TN-Validation-Passed-C")

    async def test_says_why_a_number_cannot_be_rung(self, carrier: Carrier, browser: Browser) -> None:
        page = await browser.new_page()
        await page.goto(carrier.url)

        await page.get_by_label("You call", exact=True).fill("+15559999999")
        await page.get_by_role("button", name="Ring").click()

        await expect(page.get_by_role("alert")).to_have_text("The number +15559999999 is not in service.")
        await expect(page.get_by_role("button", name="Ring")).to_be_enabled()
        await page.close()

    async def test_works_from_the_keyboard_alone(self, page: Page, application: Application, carrier: Carrier) -> None:
        await page.get_by_label("You call", exact=True).focus()
        await page.keyboard.press("Enter")
        stream = await application.stream()
        await page.get_by_text("The assistant listens.").wait_for()

        await page.keyboard.type("Good morning")  # the line to type into has the focus
        await page.keyboard.press("Enter")
        (line,) = await carrier.told(stream.call_sid, "caller_started")
        await page.locator("#status").click()
        await page.keyboard.press("7")
        await page.keyboard.press("#")

        assert line["text"] == "Good morning"
        await stream.pressed("7#")

    async def test_tells_how_the_call_stands(self, page: Page, application: Application) -> None:
        application.after_stream = '<Record maxLength="30"/>'
        status = page.locator("#status")
        stream = await ring(page, application)

        await stream.play(to_mulaw(speech_like(20.0, 8000)))
        await expect(status).to_have_text("The assistant is speaking.")
        await _say(page, "I should like to ask you something, something rather long, if you do not mind.")
        await expect(status).to_have_text("You are speaking over the assistant.")
        await stream.clear()
        await expect(status).to_have_text("You are speaking.")
        await expect(status).to_have_text("The assistant listens.", timeout=15_000)
        await stream.close()

        await expect(status).to_have_text(re.compile("Leave your message"))

    async def test_tells_who_ended_it(self, page: Page, application: Application) -> None:
        stream = await ring(page, application)

        await stream.close()

        await expect(page.locator("#status")).to_have_text(re.compile(r"The assistant hung up after 0:\d\d\."))
        await expect(page.get_by_role("button", name="Ring")).to_be_visible()

    async def test_hangs_up(self, page: Page, application: Application, carrier: Carrier) -> None:
        stream = await ring(page, application)

        await page.get_by_role("button", name="Hang up").click()

        await expect(page.locator("#status")).to_have_text(re.compile(r"You hung up after 0:\d\d\."))
        (ended,) = await carrier.told(stream.call_sid, "ended")
        assert ended["by"] == "caller"

    async def test_a_second_call_begins_afresh(self, page: Page, application: Application) -> None:
        first = await ring(page, application)
        await page.keyboard.type("Say this once")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Say this once")).to_be_visible()
        await first.close()

        await page.get_by_role("button", name="Ring").click()
        second = await application.stream(2)
        await page.get_by_text("The assistant listens.").wait_for()

        await expect(page.get_by_text("Say this once")).to_be_hidden()
        assert second.call_sid != first.call_sid


class TestConversation:
    async def test_a_typed_line_shows_at_once_and_gives_way_to_what_was_understood(
        self, page: Page, application: Application, carrier: Carrier
    ) -> None:
        stream = await ring(page, application)
        await _say(page, "It's <b>Anna</b>, from the workshop, and I am calling about the car")
        await expect(page.get_by_text("It's <b>Anna</b>")).to_be_visible()
        await expect(page.get_by_text("being spoken")).to_be_visible()

        (opened,) = await carrier.told(stream.call_sid, "stream_started")
        (started,) = await carrier.told(stream.call_sid, "caller_started")
        turn = _turn(0, "caller", "it is anna", started_ms=round(1000 * (started["at"] - opened["at"])))
        application.records[stream.call_sid] = _record(stream.call_sid, turns=[turn])

        await expect(page.get_by_text("it is anna", exact=True)).to_be_visible()
        await expect(page.get_by_text("It's <b>Anna</b>")).to_be_hidden()

    async def test_shows_turns_digits_and_tools_in_the_order_of_time(
        self, page: Page, application: Application
    ) -> None:
        stream = await ring(page, application)
        await page.locator("#keypad-fold summary").click()
        await page.get_by_role("button", name="4", exact=True).click()
        tool = {"tool_call_id": "t1", "name": "take_message", "arguments": '{"text":"call back"}', "output": None}
        application.records[stream.call_sid] = _record(
            stream.call_sid,
            turns=[
                _turn(0, "assistant", "Hello, how can", unheard="I help you?", started_ms=60_000),
                _turn(1, "caller", "Tell him to call back", started_ms=62_000, response_ms=None),
                _turn(2, "assistant", "I will", started_ms=63_000, response_ms=640),
            ],
            tool_calls=[tool | {"status": "requested", "requested_at": "2026-11-23T12:01:30Z"}],
        )

        entries = page.get_by_role("log").get_by_role("listitem")
        await expect(entries).to_have_count(5)
        await expect(entries).to_contain_text(["4", "Hello, how can", "call back", "I will", "take message asked for"])
        await expect(page.get_by_text("answered in 640 ms")).to_be_visible()
        await expect(page.locator("s")).to_have_text("I help you?")

    async def test_shows_what_the_carrier_says_though_the_record_is_out_of_reach(
        self, application: Application, carrier: Carrier, browser: Browser
    ) -> None:
        page = await browser.new_page()
        application.has_history = False
        application.answer = '<Say>Leave a message.</Say><Pause length="30"/>'
        await page.goto(carrier.url)
        await expect(page.locator("#history-note")).to_have_text("The database is away.")

        await page.get_by_role("button", name="Ring").click()

        await expect(page.get_by_text("Leave a message.")).to_be_visible()
        await page.close()

    async def test_stop_talking_drops_what_is_being_said(
        self, page: Page, application: Application, carrier: Carrier
    ) -> None:
        stream = await ring(page, application)
        await page.get_by_role("button", name="Hello, this is Anna Becker.").click()
        await carrier.told(stream.call_sid, "caller_started")

        await page.get_by_role("button", name="Stop talking").click()

        (finished,) = await carrier.told(stream.call_sid, "caller_finished")
        assert finished["said_ms"] < 3000
        await expect(page.locator("#status")).to_have_text("The assistant listens.")


class TestPastCalls:
    async def test_lists_them_and_opens_one_with_its_recording(self, page: Page, application: Application) -> None:
        await expect(page.get_by_text("No calls yet.")).to_be_visible()
        stream = await ring(page, application)
        application.records[stream.call_sid] = _record(
            stream.call_sid,
            ended_at="2026-11-23T12:00:09Z",
            disposition="message_taken",
            duration_s=9,
            turns=[_turn(0, "caller", "Please call me back")],
            messages=[_MESSAGE],
            troubles=[{"what": "engine_slow", "code": "", "at": "2026-11-23T12:00:03Z"}],
        )
        await stream.close()

        past = page.get_by_role("button", name="+15550100001 Message taken")
        await past.click()
        panel = page.locator(".panel:visible")

        await expect(panel.get_by_text("Please call me back")).to_be_visible()
        await expect(panel.locator(".message")).to_have_text(
            "Message for the owner Anna · +15550100042 · urgentCall Anna back"
        )
        await expect(panel.get_by_text("Trouble: engine slow")).to_be_visible()
        await panel.locator("audio").evaluate("audio => audio.play()")
        await page.wait_for_function("document.querySelector('.panel audio').duration > 0")
        await past.click()
        await expect(panel).to_have_count(0)

    async def test_the_recording_stays_when_the_record_cannot_be_read(
        self, application: Application, carrier: Carrier, browser: Browser
    ) -> None:
        page = await browser.new_page()
        application.has_history = False
        await page.goto(carrier.url)
        stream = await ring(page, application)
        await page.get_by_role("button", name="8", exact=True).click()
        await stream.pressed("8")
        await stream.close()

        await page.get_by_role("button", name="+15550100001 completed").click()
        panel = page.locator(".panel:visible")

        await expect(panel.get_by_role("alert")).to_have_text("The database is away.")
        await expect(panel.get_by_role("listitem")).to_contain_text("8")
        await expect(panel.locator("audio")).to_be_visible()
        await page.close()


class TestMicrophoneTrouble:
    async def test_blocked(self, carrier: Carrier, browser: Browser) -> None:
        context = await browser.new_context(permissions=[])
        page = await context.new_page()
        complaints = listen_for_complaints(page)
        await page.goto(carrier.url)

        await page.get_by_role("button", name="Speak by microphone").click()

        await expect(page.locator("#microphone-note")).to_contain_text("The microphone is blocked.")
        assert complaints == []
        await context.close()

    async def test_not_there(self, carrier: Carrier, browser_with: Microphone) -> None:
        async with browser_with(is_there=False) as browser:
            page = await browser.new_page(permissions=["microphone"])
            await page.goto(carrier.url)

            await page.get_by_role("button", name="Speak by microphone").click()

            await expect(page.locator("#microphone-note")).to_contain_text("No microphone was found.")
            await expect(page.get_by_role("button", name="Speak by microphone")).to_be_enabled()

    async def test_insecure_page_still_places_typed_calls(
        self, application: Application, carrier: Carrier, browser: Browser
    ) -> None:
        page = await browser.new_page()
        await page.goto(carrier.url.replace("127.0.0.1", "softphone.example"))

        await page.get_by_role("button", name="Speak by microphone").click()
        await expect(page.locator("#microphone-note")).to_contain_text("https:// and http://localhost only")
        stream = await ring(page, application)
        await expect(page.get_by_role("alert").first).to_contain_text("There is no sound")
        await _say(page, "Hello")

        (line,) = await carrier.told(stream.call_sid, "caller_started")
        assert line["text"] == "Hello"
        await page.close()


async def _overhang(page: Page) -> list[str]:
    """Whatever reaches beyond the card that it stands in; the row of suggestions scrolls by itself."""
    script = """() => [...document.querySelectorAll(".card *")]
      .filter(it => it.getBoundingClientRect().width && !it.closest("#suggestions"))
      .filter(it => it.getBoundingClientRect().right > it.closest(".card").getBoundingClientRect().right + 1)
      .map(it => it.outerHTML.slice(0, 80))"""
    found: list[str] = await page.evaluate(script)
    return found


class TestLayout:
    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    async def test_nothing_sticks_out(self, page: Page, application: Application, width: int) -> None:
        await page.set_viewport_size({"width": width, "height": 800})
        long_name = "Donaudampfschifffahrtsgesellschaftskapitän" * 2
        caller = {"identity": "number", "number": "+15550100001", "name": long_name}
        stream = await ring(page, application)
        application.records[stream.call_sid] = _record(
            stream.call_sid, caller=caller, disposition="screened_out", turns=[_turn(0, "assistant", long_name)]
        )
        await expect(page.get_by_role("log").get_by_role("listitem")).to_have_count(1)
        assert await _overhang(page) == []

        await stream.close()
        await page.get_by_role("button", name=long_name).click()
        await expect(page.locator(".panel audio")).to_be_visible()

        assert await _overhang(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    async def test_every_control_has_a_name(self, page: Page) -> None:
        nameless = """() => [...document.querySelectorAll("button, input, select, audio, [role]")]
          .filter(it => !it.labels?.length && !it.ariaLabel && !it.textContent.trim()
                        && !it.hasAttribute("aria-labelledby") && !["alert", "status"].includes(it.role))
          .map(it => it.outerHTML)"""

        assert await page.evaluate(nameless) == []
