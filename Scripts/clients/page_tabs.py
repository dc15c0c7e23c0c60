"""How the page hears from the server: one stream for all tabs, after breaks, and with a token."""

from page_tools import ADDRESS, BUSY, do, feature, IDLE, opened, PHOTO, wait

CONNECTED = "document.getElementById('connection').textContent === 'connected'"
SHOWN = "document.getElementById('proof').textContent.includes('0 pixels changed')"
# All pictures of the gallery that are in sight are there.
PICTURES = """(() => { const seen = [...document.querySelectorAll('#gallery img')].slice(0, 3);
    return seen.length > 0 && seen.every((i) => i.naturalWidth > 0); })()"""


def begin(page, steps):
    """Opens a picture in a tab, with a mask, and begins a job."""
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask()")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    do(page, "clear")
    do(page, "addShape")
    page.fill("#prompt", "a tab")
    page.fill("#key-steps", str(steps))
    page.locator("#run").click()
    wait(page, BUSY)


def streams(page):
    """The streams that a tab has asked for and that are not over."""
    open_ones = []
    page.on("request", lambda r: open_ones.append(r) if r.url.endswith("/events") else None)
    for end in ("requestfailed", "requestfinished"):
        page.on(end, lambda r: open_ones.remove(r) if r in open_ones else None)
    return open_ones


def another(context):
    page = context.new_page()
    held = streams(page)
    page.goto(ADDRESS)
    page.wait_for_selector("html[data-ready=true]")
    wait(page, CONNECTED)
    return page, held


def test_tabs(browser):
    context, first = opened(browser, viewport={"width": 1400, "height": 900})
    wait(first, CONNECTED)
    tabs = [another(context) for _ in range(8)]
    assert not any(held for _, held in tabs), "more tabs than the first hold a stream"
    begin(tabs[7][0], 30)
    wait(tabs[7][0], f"{IDLE} && {SHOWN}", timeout=60000)
    feature("nine tabs share one stream; the last one learns of its job's end")

    begin(tabs[5][0], 60)
    first.close()
    wait(tabs[5][0], f"{IDLE} && {SHOWN}", timeout=60000)
    assert sum(len(held) for _, held in tabs) == 1, [len(held) for _, held in tabs]
    feature("another tab reads on when the first is closed, and nothing is missed")
    context.close()

    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    context.route("**/api/v1/events", lambda route: route.abort())
    context.route("**/*max=256", lambda route: route.abort())
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    wait(page, "document.getElementById('connection').textContent.includes('not connected')")
    begin(page, 1)
    page.wait_for_timeout(3000)
    assert not page.evaluate(PICTURES)
    context.unroute("**/*max=256")
    context.unroute("**/api/v1/events")
    wait(page, f"{CONNECTED} && {IDLE} && {SHOWN}", timeout=20000)
    page.locator("#gallery").scroll_into_view_if_needed()
    wait(page, PICTURES)
    feature("a job that ended unheard is met, and pictures are fetched again, after a break")
    context.close()

    # Without locks, which pages that are not secure do not have, a tab reads while it is seen.
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', {get: () => undefined});")
    page = context.new_page()
    held = streams(page)
    page.goto(ADDRESS)
    page.wait_for_selector("html[data-ready=true]")
    wait(page, CONNECTED)
    assert len(held) == 1
    begin(page, 20)
    hide = """(is) => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => is});
        document.dispatchEvent(new Event('visibilitychange')); }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(4000)
    assert not held and page.evaluate(BUSY)
    page.evaluate(hide, False)
    wait(page, f"{CONNECTED} && {IDLE} && {SHOWN}", timeout=60000)
    feature("a browser without locks: a hidden tab has no stream, and catches up when it is seen")
    context.close()


def test_login(browser):
    context = browser.new_context()

    def guard(route):
        if route.request.headers.get("authorization") == "Bearer right":
            route.continue_()
        else:
            route.fulfill(status=401, json={"error": {"code": "unauthorized", "message": "Give the token"}})

    context.route("**/api/**", guard)
    page = context.new_page()
    page.goto(ADDRESS)
    page.wait_for_selector("#login[open]")
    assert page.locator("#token-message").inner_text() == ""
    page.fill("#token", "wrong")
    page.locator("#token").press("Enter")
    wait(page, "document.getElementById('token-message').textContent.includes('does not take')")
    field = page.locator("#token")
    assert page.locator("#login").is_visible() and field.get_attribute("aria-invalid") == "true"
    assert field.evaluate("(f) => f === document.activeElement && f.selectionStart === 0 && f.selectionEnd === 5")
    feature("a wrong token is said to be wrong, and is selected")

    page.evaluate("location.hash = '#token=right'")
    page.wait_for_selector("html[data-ready=true]")
    wait(page, CONNECTED)
    assert not page.locator("#login").is_visible() and "token" not in page.url, page.url
    feature("an address with the token logs an open tab in, and is cleared")
    context.close()
