"""Uses the page in Chromium as people do: mouse, touch, pen and keys."""

import base64
import re
import sys
import time

from page_tools import (
    CHROMIUM, do, done, drag, feature, foreign, mask, opened, PHOTO, place, run, SHOTS, tool, wait)
from page_looks import test_large, test_looks, test_tools
from page_keeps import test_keeps
from page_results import test_abilities, test_results, test_seeds
from page_tabs import test_login, test_tabs
from PIL import Image
from playwright.sync_api import sync_playwright


def test_mouse(browser):
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.screenshot(path=f"{SHOTS}/empty.png")
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask() !== undefined && window.gesso.mask() !== null")
    size = mask(page)
    width, height = Image.open(PHOTO).size
    assert (size["width"], size["height"]) == (width, height), size
    feature("open a picture")

    page.locator("#size").fill("45")
    radius = page.evaluate("0.5 * 2000 ** 0.45")
    drag(page, [(width * 0.3, height / 2), (width * 0.6, height / 2)], steps=1)
    box = mask(page)["bounds"]
    assert abs(box["h"] - 2 * radius) <= 2, (box, radius)
    assert abs(box["w"] - (width * 0.3 + 2 * radius)) <= 3, (box, width, radius)
    middle = page.evaluate(f"window.gesso.at({int(width * 0.45)}, {height // 2})")
    assert middle == 255, "a gap in a fast stroke"
    feature("brush: a capsule of exact size")

    whole = mask(page)
    drag(page, [(width * 0.4, height / 2), (width * 0.5, height / 2)], button="right")
    assert mask(page)["count"] < whole["count"]
    do(page, "undo")
    assert mask(page)["hash"] == whole["hash"]
    tool(page, "Eraser")
    drag(page, [(width * 0.4, height / 2), (width * 0.5, height / 2)])
    assert mask(page)["count"] < whole["count"]
    feature("eraser and right button")

    do(page, "clear")
    assert mask(page)["count"] == 0
    do(page, "undo")
    assert mask(page)["count"] > 0
    do(page, "clear")
    feature("clear is one step")

    tool(page, "Rectangle")
    drag(page, [(100, 60), (180, 140)])
    box = mask(page)["bounds"]
    assert all(abs(box[k] - v) <= 1 for k, v in dict(x=100, y=60, w=80, h=80).items()), box
    page.keyboard.down("Alt")
    drag(page, [(120, 80), (140, 100)])
    page.keyboard.up("Alt")
    assert mask(page)["count"] < box["w"] * box["h"]
    do(page, "clear")
    tool(page, "Ellipse")
    drag(page, [(100, 60), (180, 140)])
    assert abs(mask(page)["count"] - 3.1416 * 40 * 40) < 200, mask(page)
    do(page, "clear")
    tool(page, "Lasso")
    drag(page, [(100, 60), (180, 60), (180, 140), (100, 140)], steps=20)
    assert abs(mask(page)["count"] - 80 * 80) < 300, mask(page)
    before = mask(page)["hash"]
    page.mouse.move(*place(page, 20, 20))
    page.mouse.down()
    page.mouse.move(*place(page, 60, 60))
    page.keyboard.press("Escape")
    page.mouse.up()
    assert mask(page)["hash"] == before, "Esc keeps an unfinished shape"
    tool(page, "Polygon")
    do(page, "clear")
    for corner in ((100, 60), (180, 60), (180, 140), (100, 140)):
        page.mouse.click(*place(page, *corner))
    assert mask(page)["count"] == 0, "a polygon is filled before it is closed"
    page.locator("#canvas").press("Enter")
    assert abs(mask(page)["count"] - 80 * 80) < 300, mask(page)
    for corner in ((120, 80), (150, 80), (150, 110)):
        page.mouse.click(*place(page, *corner), button="right")
    page.mouse.click(*place(page, 120, 80), button="right")
    assert abs(mask(page)["count"] - 80 * 80 + 30 * 15) < 200, mask(page)
    page.mouse.click(*place(page, 10, 10))
    page.locator("#canvas").press("Escape")
    do(page, "invert")
    assert mask(page)["count"] > width * height / 2
    do(page, "undo")
    feature("rectangle, ellipse, lasso, polygon, Alt subtracts, Esc drops, invert")

    do(page, "clear")
    tool(page, "Smart select")
    # The house of the picture: its roof and wall are in, the sky and the grass beside it are not.
    drag(page, [(246, 76), (348, 166)])
    wait(page, "window.gesso.mask().count > 0")
    found = mask(page)
    inside = {(300, 105): 255, (262, 145): 255, (330, 150): 255, (255, 85): 0, (290, 82): 0}
    for (x, y), value in inside.items():
        assert page.evaluate(f"window.gesso.at({x}, {y})") == value, (x, y, found)
    page.get_by_label("Drop stroke").check()
    drag(page, [(285, 105), (325, 105)])
    wait(page, f"window.gesso.mask().hash !== {found['hash']}")
    assert page.evaluate("window.gesso.at(305, 105)") == 0, "a stroke to drop leaves its pixels"
    page.screenshot(path=f"{SHOTS}/select.png")
    do(page, "undo")
    assert mask(page)["count"] == 0, "a mended selection is more than one step"
    page.get_by_label("Box", exact=True).check()
    feature("smart select by a box, mended by a stroke")

    tool(page, "Fill")
    page.locator("#tolerance").fill("40")
    page.mouse.click(*place(page, 103, 92))
    wait(page, "window.gesso.mask().count > 0")
    for (x, y), value in {(96, 92): 255, (110, 92): 255, (103, 110): 0, (60, 40): 0}.items():
        assert page.evaluate(f"window.gesso.at({x}, {y})") == value, ("the sun", x, y, mask(page))
    page.mouse.click(*place(page, 103, 92), button="right")
    wait(page, "window.gesso.mask().count === 0")
    page.locator("#canvas").press("Control+z")
    assert mask(page)["count"] > 0
    feature("fill by colour with a tolerance")

    tool(page, "Brush")
    page.locator("#hardness").fill("20")
    drag(page, [(100, 100), (160, 100)])
    box = mask(page)["bounds"]
    rim = page.evaluate(f"window.gesso.at(130, {box['y'] + box['h'] // 6})")
    assert page.evaluate("window.gesso.at(130, 100)") == 255 and 0 < rim < 255, rim
    page.locator("#hardness").fill("100")
    feature("a soft brush fades to its rim")

    do(page, "clear")
    hashes = [mask(page)["hash"]]
    for i in range(30):
        drag(page, [(20 + i * 5, 30), (25 + i * 5, 60)], steps=1)
        hashes.append(mask(page)["hash"])
    for expected in reversed(hashes[:-1]):
        page.locator("#canvas").press("Control+z")
        assert mask(page)["hash"] == expected
    for expected in hashes[1:]:
        page.locator("#canvas").press("Control+Shift+z")
        assert mask(page)["hash"] == expected
    feature("undo and redo of 30 strokes")

    # Events have whole pixels.
    at = tuple(round(v) for v in place(page, width * 0.7, height * 0.4))
    spot = page.evaluate(f"window.gesso.point({at[0]}, {at[1]})")
    page.mouse.move(*at)
    for amount in (-240, -240, 120):
        page.mouse.wheel(0, amount)
        page.wait_for_timeout(60)
        now = place(page, spot["x"], spot["y"])
        assert abs(now[0] - at[0]) < 1 and abs(now[1] - at[1]) < 1, (now, at)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(at[0] + 40, at[1] + 20)
    page.mouse.up()
    page.keyboard.up(" ")
    now = place(page, spot["x"], spot["y"])
    assert abs(now[0] - at[0] - 40) < 1 and abs(now[1] - at[1] - 20) < 1, (now, at)
    page.locator("#canvas").press("0")
    page.wait_for_timeout(60)
    page.screenshot(path=f"{SHOTS}/painted.png")
    feature("wheel zooms at the pointer, Space drags, 0 fits")

    do(page, "clear")
    page.mouse.move(*place(page, -6, height / 2))
    page.mouse.down()
    page.mouse.move(*place(page, 60, height / 2), steps=4)
    page.mouse.move(5, 5)
    page.mouse.up()
    page.wait_for_timeout(100)
    count = mask(page)["count"]
    page.mouse.move(*place(page, width / 2, height / 2))
    page.wait_for_timeout(100)
    assert count > 0 and mask(page)["count"] == count, f"a button is stuck: {count}, {mask(page)}"
    feature("strokes over the edges")

    with page.expect_download() as download:
        page.locator("summary", has_text="Mask").click()
        do(page, "saveMask")
    saved = Image.open(download.value.path())
    white = sum(1 for v in saved.convert("L").tobytes() if v)
    assert saved.size == (width, height) and white == count, (white, count)
    kept = mask(page)["hash"]
    do(page, "clear")
    page.set_input_files("#mask-file", download.value.path())
    wait(page, "window.gesso.mask().count > 0")
    assert mask(page)["hash"] == kept, "the saved mask is not the mask"
    feature("mask out and in again, bit for bit")

    do(page, "clear")
    page.locator("#run").click()
    wait(page, "document.getElementById('message').textContent.includes('empty')")
    feature("an empty mask sends nothing")

    for name, value in dict(x=100, y=60, w=80, h=80).items():
        page.fill(f"#shape-{name}", str(value))
    do(page, "addShape")
    assert mask(page)["count"] == 6400
    page.locator("#run").click()
    wait(page, "document.getElementById('message').textContent.includes('prompt')")
    assert page.locator("#model-note").is_visible(), "nothing says what the built-in model knows"
    page.fill("#prompt", "a red house")
    page.fill("#key-steps", "4")
    page.locator("#plan-button").click()
    wait(page, "document.getElementById('plan').textContent.includes('calls')", timeout=30000)
    run(page)
    wait(page, "document.getElementById('proof').textContent.includes('0 pixels changed')")
    page.screenshot(path=f"{SHOTS}/result.png")
    feature("plan, run, and the proof that nothing else changed")

    assert page.locator("#show-mask").get_attribute("aria-pressed") == "false"
    page.locator("#compare").fill("50")
    page.wait_for_timeout(100)
    page.screenshot(path=f"{SHOTS}/compare.png")
    page.locator("#canvas").focus()
    page.keyboard.down("\\")
    page.wait_for_timeout(60)
    page.keyboard.up("\\")
    page.locator("#canvas").press("Control+z")
    wait(page, "document.getElementById('compare-label').hidden")
    assert mask(page)["count"] == 6400, "undo of a result takes strokes, too"
    feature("before and after; undo takes the result back first")

    page.locator("#remove").click()
    wait(page, "document.getElementById('proof').textContent.includes('0 pixels changed')", timeout=30000)
    wait(page, "document.getElementById('run').textContent === 'Run'", timeout=30000)
    page.locator("#canvas").press("Control+z")
    wait(page, "document.getElementById('compare-label').hidden")
    feature("remove what is masked, without a model or a prompt")

    page.fill("#key-steps", "400")
    page.locator("#run").click()
    wait(page, "document.getElementById('progress-text').textContent.includes('Step')", timeout=30000)
    shown = page.locator("#progress-text").inner_text()
    assert re.fullmatch(r"Step \d+ of \d+(, .+ left)?", shown), shown
    page.wait_for_selector("#preview:not([hidden])")
    page.screenshot(path=f"{SHOTS}/running.png")
    start = time.time()
    page.locator("#canvas").press("Shift+X")
    wait(page, "document.getElementById('run').textContent === 'Run'", timeout=10000)
    assert time.time() - start < 3
    feature("progress, preview, cancel")

    page.fill("#key-steps", "3")
    page.fill("#prompt", "a meadow")
    page.get_by_label("Extend", exact=True).check()
    page.wait_for_selector("#edge-right:not([hidden])")
    edge = page.locator("#edge-right").bounding_box()
    page.mouse.move(edge["x"] + 15, edge["y"] + 15)
    page.mouse.down()
    scale = page.evaluate("window.gesso.view().scale")
    page.mouse.move(edge["x"] + 15 + 64 * scale, edge["y"] + 15, steps=4)
    page.mouse.up()
    right = page.evaluate("window.gesso.view().extent.right")
    assert abs(right - 64) <= 1, right
    page.locator("#edge-bottom").press("ArrowDown")
    assert page.evaluate("window.gesso.view().extent.bottom") == 8
    page.fill("#side-bottom", "0")
    do(page, "fit")
    page.wait_for_timeout(80)
    page.screenshot(path=f"{SHOTS}/extend.png")
    run(page)
    page.locator("#use-result").click()
    wait(page, f"window.gesso.mask().width === {width + right}")
    feature("extend by dragging an edge, by keys and by numbers; use the result")

    page.locator("#prompt").fill("one more")
    page.get_by_label("Restyle it all").check()
    preset = page.locator("#preset option").nth(1).get_attribute("value")
    page.select_option("#preset", preset)
    assert page.locator("#preset-text").inner_text()
    page.locator("#presets-open").click()
    page.locator("#presets-list img").nth(5).wait_for()
    page.screenshot(path=f"{SHOTS}/presets.png")
    page.locator("#presets-list button", has_text="night").click()
    assert page.locator("#preset").input_value() == "night"
    assert page.locator("#preset-picture img").count() == 1
    page.select_option("#preset", preset)
    page.fill("#key-strength", "0.4")
    assert page.locator("[data-key=strength].changed").count() == 1
    page.locator("summary", has_text="More settings").click()
    page.locator("#reset").click()
    assert page.locator(".changed").count() == 0
    feature("presets; changed fields are marked; reset")

    page.fill("#key-steps", "300")
    page.locator("#run").click()
    wait(page, "document.getElementById('run').textContent === 'Cancel'")
    page.evaluate("""async () => { for (const n of [1, 2, 3]) await fetch('api/v1/jobs', {method: 'POST',
        headers: {'Content-Type': 'application/json'}, body: JSON.stringify({verb: 'txt2img',
        settings: {prompt: `job ${n}`, steps: 2, width: 64, height: 64}})}); }""")
    page.locator("#tab-queue").click()
    wait(page, "document.querySelectorAll('#queue li').length >= 4")
    wait(page, "/^[0-9]+ %$/.test(document.querySelector('#queue [data-progress]')?.textContent ?? '')")
    page.get_by_role("button", name="Up: job 3").click()
    wait(page, "[...document.querySelectorAll('#queue .what')].map((e) => e.textContent).findIndex((t) => t.includes('job 3')) === 2")
    page.get_by_role("button", name="Cancel: job 2").click()
    page.locator("#queue-pause").click()
    wait(page, "document.getElementById('queue-reason').textContent.includes('Paused')")
    page.screenshot(path=f"{SHOTS}/queue.png")
    page.locator("#queue-clear").click()
    wait(page, "[...document.querySelectorAll('#queue .what')].filter((e) => e.textContent.startsWith('queued')).length === 0")
    assert page.locator("#queue .what", has_text="running").count() == 1, "the running job was cancelled"
    page.locator("#run").click()
    wait(page, "document.getElementById('run').textContent === 'Run'", timeout=10000)
    page.locator("#queue-pause").click()
    page.get_by_role("button", name="Retry: job 2").click()
    feature("queue: move, cancel, pause, cancel waiting, retry")

    page.locator("#tab-gallery").click()
    # The job that was retried is the newest; nothing else is under way that could add a result.
    wait(page, "document.querySelector('#gallery li')?.textContent.includes('job 2')")
    cards = page.locator("#gallery li").count()
    assert cards >= 3, cards
    page.locator("#gallery [data-what=star]").first.click()
    wait(page, "document.querySelector('#gallery [data-what=star]').textContent === 'Starred'")
    page.locator("#gallery-star").check()
    wait(page, "document.querySelectorAll('#gallery li').length === 1")
    page.locator("#gallery-star").uncheck()
    wait(page, f"document.querySelectorAll('#gallery li').length === {cards}")
    page.fill("#gallery-search", "red house")
    wait(page, "document.querySelectorAll('#gallery li').length === 1")
    assert "a red house" in page.locator("#gallery li").inner_text()
    page.locator("#gallery [data-what=all]").click()
    wait(page, "window.gesso.mask().count === 6400")
    assert page.input_value("#prompt") == "a red house" and page.input_value("#key-steps") == "4"
    page.locator("#gallery [data-what=delete]").click()
    undo = page.get_by_role("button", name="Undo delete")
    undo.wait_for()
    # A result that arrives, and a list without the deleted one, leave the offer.
    page.evaluate("""async () => { await fetch('api/v1/jobs', {method: 'POST',
        headers: {'Content-Type': 'application/json'}, body: JSON.stringify({verb: 'txt2img',
        settings: {prompt: 'a red house, too', steps: 1, width: 64, height: 64}})}); }""")
    wait(page, "document.querySelector('#gallery li').textContent.includes('too')")
    undo.click()
    page.locator("#gallery [data-what=all]").nth(1).wait_for()
    page.locator("#gallery [data-what=delete]").first.click()
    undo.wait_for()
    with page.expect_download() as download:
        page.locator("#gallery [data-what=download]").click()
    assert "a red house" in Image.open(download.value.path()).info["parameters"]
    page.screenshot(path=f"{SHOTS}/gallery.png", full_page=True)
    feature("gallery: star, search, all settings back, delete with undo, download")

    kept = mask(page)["hash"]
    page.wait_for_timeout(700)
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    assert mask(page)["hash"] == kept and page.input_value("#prompt") == "a red house"
    feature("a closed page opens as it was")

    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.fill("#help-search", "brush")
    assert page.locator("#help-list tr").count() >= 2
    page.fill("#help-search", "eraser")
    page.get_by_role("button", name="Change the key of Eraser").click()
    page.keyboard.press("b")
    wait(page, "document.getElementById('help-message').textContent.includes('Brush')")
    page.get_by_role("button", name="Change the key of Eraser").click()
    page.keyboard.press("g")
    page.screenshot(path=f"{SHOTS}/help.png")
    page.locator("#help-close").click()
    page.locator("#canvas").focus()
    page.keyboard.press("g")
    assert page.locator("[data-tool=eraser]").get_attribute("aria-checked") == "true"
    feature("help, search, another key")

    page.keyboard.press("b")
    do(page, "clear")
    page.locator("#canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    count = mask(page)["count"]
    assert count > 0, "Enter paints no dot"
    page.keyboard.down(" ")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.up(" ")
    assert mask(page)["count"] > count, "keys paint no line"
    feature("painting by keys alone")

    data = base64.b64encode(open(PHOTO, "rb").read()).decode()
    page.evaluate("""(data) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const items = new DataTransfer();
        items.items.add(new File([bytes], 'dropped.jpg', {type: 'image/jpeg'}));
        document.getElementById('viewport').dispatchEvent(
            new DragEvent('drop', {bubbles: true, dataTransfer: items}));
    }""", data)
    wait(page, "document.getElementById('picture-name').textContent.includes('dropped')")
    page.evaluate("""(data) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const items = new DataTransfer();
        items.items.add(new File([bytes], 'pasted.jpg', {type: 'image/jpeg'}));
        document.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, clipboardData: items}));
    }""", data)
    page.locator("#paste-picture").click()
    wait(page, "document.getElementById('picture-name').textContent.includes('pasted')")
    feature("drop and paste")
    assert not [p for p in page.problems if "Content Security" in p], page.problems
    context.close()


def settle(page):
    """Waits until the picture stays where it is for ten frames: what is laid out late moves it."""
    page.evaluate("""() => new Promise((done) => {
        let last = '', same = 0;
        const look = () => {
            const box = document.getElementById('viewport').getBoundingClientRect();
            const now = JSON.stringify([window.gesso.view(), box, window.scrollY]);
            same = now === last ? same + 1 : 0;
            last = now;
            same < 10 ? requestAnimationFrame(look) : done();
        };
        look();
    })""")


def test_touch(browser):
    context, page = opened(browser, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True, device_scale_factor=2)
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask()")
    settle(page)
    session = context.new_cdp_session(page)

    def touch(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]})

    # A page takes touches from its first moment on.
    page.evaluate("performance.now = () => 100")
    a, b = place(page, 100, 100), place(page, 160, 100)
    touch("touchStart", a)
    touch("touchMove", ((a[0] + b[0]) / 2, a[1]))
    touch("touchMove", b)
    touch("touchEnd")
    page.wait_for_timeout(80)
    count = mask(page)["count"]
    assert count > 0, "one finger paints nothing"
    page.evaluate("delete performance.now")
    scale = page.evaluate("window.gesso.view().scale")
    touch("touchStart", (150, 250))
    touch("touchStart", (150, 250), (200, 250))
    for i in range(1, 6):
        touch("touchMove", (150 - i * 8, 250), (200 + i * 8, 250))
    touch("touchEnd")
    page.wait_for_timeout(80)
    assert page.evaluate("window.gesso.view().scale") > scale * 1.5, "two fingers do not zoom"
    assert mask(page)["count"] == count, "the first finger's dot stays"
    touch("touchStart", (150, 250))
    touch("touchStart", (150, 250), (200, 250))
    touch("touchEnd")
    page.wait_for_timeout(80)
    assert mask(page)["count"] == 0, "a tap with two fingers does not undo"
    wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert wide, "the page scrolls sideways"
    page.screenshot(path=f"{SHOTS}/phone.png")
    feature("touch: one finger paints, two pan and zoom, a tap undoes")

    for pressure in (0.1, 1.0):
        page.locator("#canvas").press("Shift+C")
        page.locator("#canvas").press("0")
        page.wait_for_timeout(80)
        at, to = place(page, 100, 100), place(page, 140, 100)
        for kind, (x, y) in (("mousePressed", at), ("mouseMoved", to), ("mouseReleased", to)):
            session.send("Input.dispatchMouseEvent", {
                "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1,
                "pointerType": "pen", "force": pressure})
        size = mask(page)["bounds"]["h"]
        if pressure < 0.5:
            light = size
    assert size > light * 1.5, (light, size)
    feature("pen pressure")
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
    for test in (test_mouse, test_keeps, test_tabs, test_login, test_results, test_abilities, test_seeds, test_tools, test_large,
                 test_touch, test_looks):
        if len(sys.argv) < 4 or sys.argv[3] == test.__name__:
            test(browser)
    browser.close()
assert not foreign, f"other hosts were asked: {foreign}"
feature("no other host was asked")
print(f"{len(done)} features work")
