"""What the page keeps: nothing that was done is lost to a job, another picture, another tab or a reload."""

import io

from page_tools import BUSY, do, drag, feature, IDLE, mask, opened, PHOTO, run, wait
from PIL import Image

SAID = "document.getElementById('live').textContent"
KEPT = "window.gesso.isKept()"
NAME = "document.getElementById('picture-name').textContent"


def picture(name, size, color):
    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def open_picture(page, file, name):
    page.set_input_files("#file", file)
    wait(page, f"{NAME}.startsWith('{name}') && window.gesso.mask()")


def test_keeps(browser):
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    blue = picture("blue.png", (320, 192), (60, 90, 200))
    open_picture(page, PHOTO, "landscape")
    drag(page, [(100, 100), (160, 100)])
    first = mask(page)["hash"]
    page.fill("#prompt", "a red house")
    page.fill("#key-steps", "40")
    page.locator("#run").click()
    wait(page, BUSY)
    open_picture(page, blue, "blue")
    drag(page, [(50, 50), (90, 50)])
    second = mask(page)["hash"]
    wait(page, f"{IDLE} && {SAID}.includes('in the gallery')", timeout=60000)
    assert mask(page)["hash"] == second
    assert page.locator("#compare-label").is_hidden(), "the result of another picture is shown over this one"
    do(page, "undo")
    assert mask(page)["count"] == 0
    do(page, "undo")
    wait(page, f"{NAME}.startsWith('landscape')")
    assert mask(page)["hash"] == first, "the mask of the picture before is lost"
    feature("a picture that is opened beside a job is left alone; undo brings back the one before")

    page.locator("#gallery [data-what=open]").first.click()
    wait(page, f"{NAME}.startsWith('result')")
    do(page, "undo")
    wait(page, f"{NAME}.startsWith('landscape')")
    assert mask(page)["hash"] == first
    page.get_by_label("From words").check()
    page.fill("#key-steps", "2")
    run(page)
    wait(page, f"{NAME}.startsWith('result')")
    do(page, "undo")
    wait(page, f"{NAME}.startsWith('landscape')")
    assert mask(page)["hash"] == first
    feature("undo brings back the picture and its mask after a result took their place")

    wait(page, KEPT)
    other = context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready=true]")
    wait(other, "window.gesso.mask()")
    assert mask(other)["hash"] == first, "a new tab does not begin with the newest work"
    open_picture(other, blue, "blue")
    wait(other, KEPT)
    other.close()
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    wait(page, f"{NAME}.startsWith('landscape')")
    assert mask(page)["hash"] == first
    feature("each tab keeps its own work")

    page.fill("#key-steps", "")
    page.locator("#key-steps").press_sequentially("2-0")
    page.locator("#run").click()
    wait(page, "document.getElementById('message').textContent.includes('Steps')")
    page.fill("#key-steps", "60")
    page.get_by_label("Repaint the mask").check()
    page.locator("#prompt").press("Control+Enter")
    wait(page, BUSY)
    page.wait_for_timeout(700)
    page.locator("#prompt").press("Control+Enter")
    assert page.locator("#remove").is_disabled()
    wait(page, KEPT)
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    wait(page, f"{BUSY} || !document.getElementById('compare-label').hidden")
    wait(page, "document.getElementById('proof').textContent.includes('0 pixels changed')", timeout=60000)
    assert mask(page)["hash"] == first
    feature("a second press begins and ends nothing; a reload goes on with the job")

    held = []
    page.route("**/api/v1/jobs", lambda route: held.append((route, route.fetch())))
    page.fill("#key-steps", "1")
    page.locator("#run").click()
    wait(page, "document.querySelectorAll('#queue li').length === 0")
    page.wait_for_timeout(3000)
    for route, answer in held:
        route.fulfill(response=answer)
    wait(page, IDLE)
    page.unroute("**/api/v1/jobs")
    assert held
    feature("a job that ends before its order is answered is shown")

    large = picture("large.png", (2400, 1800), (200, 180, 90))
    page.set_input_files("#file", large)
    page.set_input_files("#file", blue)
    wait(page, f"{NAME}.startsWith('blue')")
    page.wait_for_timeout(2500)
    assert page.evaluate(NAME).startswith("blue"), "an earlier picture takes the later one's place"
    feature("the last picture that was chosen is shown")
    context.close()
