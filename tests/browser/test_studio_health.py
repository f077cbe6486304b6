"""What the host sees of a running event and does about it: the health panel, pausing, the words of overload."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import on_air, walk
from tests.running import RunningPlatform


@pytest.mark.timeout(240)
def test_the_host_pauses_resumes_and_reads_how_it_goes(platform: RunningPlatform, chromium: Browser) -> None:
    event = on_air.make(platform, "Health")
    with closing(walk.profile_of(chromium)) as context:
        page = context.new_page()
        walk.go_live(page, event.studio)
        _figures_of_a_live_event_are_shown(page)
        _pausing_is_said_to_the_host_and_reaches_the_program(platform, event.id, page)
        _overload_is_said_in_plain_words(page)
        platform.call("POST", f"/api/v1/events/{event.id}/end")


def _figures_of_a_live_event_are_shown(page: Page) -> None:
    expect(page.locator("[data-health=in]")).to_contain_text("Mbit/s", timeout=20_000)
    expect(page.locator("[data-health=rungs] tr").first).to_contain_text("p", timeout=20_000)
    walk.until(page, "() => parseFloat(document.querySelector('[data-health=server]').textContent) > 0")
    walk.until(page, "() => /[1-9]/.test(document.querySelector('[data-health=saved]').textContent)")


def _pausing_is_said_to_the_host_and_reaches_the_program(platform: RunningPlatform, event_id: str, page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: viewers see the holding picture and hear nothing.")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    assert platform.call("GET", f"/api/v1/events/{event_id}/live").json()["paused"] is True
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused: viewers see the holding picture and hear nothing.")).to_be_hidden()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert platform.call("GET", f"/api/v1/events/{event_id}/live").json()["paused"] is False


def overloaded(route: Route) -> None:
    """The answer of a server that cannot keep up."""
    answer = route.fetch()
    figures = answer.json()
    figures["overload"] = 2
    for rung in figures["renditions"][:1]:
        rung.update(wanted_fps=6.0, fps=6.0, resting=True)
    route.fulfill(response=answer, body=json.dumps(figures))


def _overload_is_said_in_plain_words(page: Page) -> None:
    page.route("**/live", overloaded)
    expect(page.locator("[data-bar=overload]")).to_be_visible()
    expect(page.locator("[data-health=why]")).to_contain_text("is lowered for now; sound and recording go on")
    expect(page.locator(".health__lowered")).to_have_count(1)
    page.unroute("**/live")
