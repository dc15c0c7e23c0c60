"""What the trials of the page share: the browser, the pointer and the page's own test hooks."""

import os
import sys
import time


ADDRESS, SHOTS = sys.argv[1], sys.argv[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PHOTO = "Fixtures/Pictures/landscape.jpg"
BUSY = "document.getElementById('run').textContent === 'Cancel'"
IDLE = "document.getElementById('run').textContent === 'Run'"
done, foreign = [], []


def feature(name):
    done.append(name)
    print(f"{len(done):2} {name}")


def wait(page, expression, timeout=15000):
    """Waits for an expression; the page's policy forbids what Playwright has for that."""
    end = time.time() + timeout / 1000
    while not page.evaluate(expression):
        assert time.time() < end, f"never: {expression}"
        time.sleep(0.03)


def mask(page):
    return page.evaluate("window.gesso.mask()")


def place(page, x, y):
    at = page.evaluate(f"window.gesso.place({x}, {y})")
    return at["x"], at["y"]


def drag(page, points, button="left", steps=6):
    page.mouse.move(*place(page, *points[0]))
    page.mouse.down(button=button)
    for point in points[1:]:
        page.mouse.move(*place(page, *point), steps=steps)
    page.mouse.up(button=button)


def tool(page, name):
    page.get_by_role("radio", name=name, exact=True).click()


def do(page, name):
    page.locator(f"[data-do={name}]").click()


def run(page, timeout=60000):
    page.locator("#run").click()
    wait(page, BUSY)
    wait(page, IDLE, timeout=timeout)


def opened(browser, **options):
    context = browser.new_context(**options)
    page = context.new_page()
    page.on("request", lambda r: None if r.url.startswith((ADDRESS, "blob:", "data:")) else foreign.append(r.url))
    page.on("pageerror", lambda e: (_ for _ in ()).throw(AssertionError(f"script failed: {e}")))
    problems = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.problems = problems
    page.goto(ADDRESS)
    page.wait_for_selector("html[data-ready=true]")
    return context, page
