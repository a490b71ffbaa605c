"""A headless Chromium, with the microphone a test asks for, in front of the softphone's page.

Starting it takes seconds: the tests of a module share one, and its event loop.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.softphone.application import Application, Stream
from tests.softphone.carriers import Carrier, running_application, running_carrier

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; skips without one, or fails where REQUIRE_BROWSER says that there must be one."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium on the path (Debian: apt install chromium)"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(f"REQUIRE_BROWSER is set, but there is {reason}")
        pytest.skip(reason)
    return found


class Microphone(Protocol):
    def __call__(self, wav: Path | None = None, *, is_there: bool = True) -> AbstractAsyncContextManager[Browser]: ...


@pytest.fixture(scope="session")
def browser_with(chromium: str) -> Microphone:
    """A browser whose microphone plays a file once, beeps (without a file), or is not there."""

    @asynccontextmanager
    async def launch(wav: Path | None = None, *, is_there: bool = True) -> AsyncIterator[Browser]:
        arguments = ["--host-resolver-rules=MAP softphone.example 127.0.0.1"]
        if is_there:
            arguments.append("--use-fake-device-for-media-stream")
        if wav:
            arguments.append(f"--use-file-for-fake-audio-capture={wav}%noloop")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
            yield browser
            await browser.close()

    return launch


@pytest_asyncio.fixture(loop_scope="module")
async def application() -> AsyncIterator[Application]:
    async with running_application() as application:
        yield application


@pytest_asyncio.fixture(loop_scope="module")
async def carrier(application: Application) -> AsyncIterator[Carrier]:
    async with running_carrier(application) as carrier:
        yield carrier


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser(browser_with: Microphone) -> AsyncIterator[Browser]:
    async with browser_with() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile at phone width that may use the microphone."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, permissions=["microphone"])
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(context: BrowserContext, carrier: Carrier) -> AsyncIterator[Page]:
    """The softphone; the test fails afterwards when the page has complained on its console."""
    page = await context.new_page()
    complaints = listen_for_complaints(page)
    await page.goto(f"{carrier.url}/?raw&probe")
    yield page
    assert complaints == []


async def ring(page: Page, application: Application) -> Stream:
    """Ring the application and wait until it has picked up."""
    await page.get_by_role("button", name="Ring").click()
    stream = await application.stream()
    await page.get_by_text("The assistant listens.").wait_for()
    return stream


def listen_for_complaints(page: Page) -> list[str]:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints
