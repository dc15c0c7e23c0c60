"""How the page looks, to people and to assistive programs, and how it bears a very large picture."""

import json
import os

from page_tools import do, drag, feature, opened, PHOTO, SHOTS, wait
from PIL import Image


def test_large(browser):
    """A picture of 48 megapixels: no task of the page takes as long as a second."""
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    large = f"{SHOTS}/large.jpg"
    Image.open(PHOTO).convert("RGB").resize((8064, 5952)).save(large, quality=80)
    page.evaluate("""() => { window.longest = 0; new PerformanceObserver((list) => {
        for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration);
    }).observe({entryTypes: ['longtask']}); }""")
    page.set_input_files("#file", large)
    wait(page, "window.gesso.mask()?.width === 8064", timeout=60000)
    for i in range(3):
        drag(page, [(1000, 1000 + 500 * i), (6000, 1000 + 500 * i)], steps=20)
    do(page, "undo")
    page.wait_for_timeout(1500)
    longest = page.evaluate("window.longest")
    print(f"   48 megapixels: the longest task took {longest:.0f} ms")
    assert longest < 1000, longest
    os.remove(large)
    feature("48 megapixels are painted on without freezing")
    context.close()


def test_looks(browser):
    from axe_playwright_python.sync_playwright import Axe

    for scheme in ("light", "dark"):
        for width in (1400, 320):
            context, page = opened(browser, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
            page.set_input_files("#file", PHOTO)
            wait(page, "window.gesso.mask()")
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            page.wait_for_timeout(150)
            found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
            faults = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found.response["violations"]]
            assert not faults, json.dumps(faults, indent=1)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width
            page.screenshot(path=f"{SHOTS}/{scheme}-{width}.png", full_page=width == 320)
            context.close()
    feature("axe finds nothing, light and dark, wide and at 320 px")
