"""How the page looks, to people and to assistive programs, and how it bears a very large picture."""

import json
import os

from page_tools import do, drag, feature, mask, opened, PHOTO, SHOTS, tool, wait
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

    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    before = mask(page)
    page.evaluate("window.longest = 0")
    do(page, "grow")
    grown = mask(page)["bounds"]
    assert all(grown[k] == before["bounds"][k] - 4 for k in "xy") and grown["w"] == before["bounds"]["w"] + 8, grown
    do(page, "shrink")
    for _ in "12":
        do(page, "invert")
        do(page, "shrink")
        do(page, "grow")
    for _ in range(8):
        do(page, "undo")
    assert mask(page)["hash"] == before["hash"]
    page.wait_for_timeout(500)
    longest = page.evaluate("window.longest")
    print(f"   48 megapixels: to grow, shrink and invert took {longest:.0f} ms at most")
    assert longest < 1000, longest
    feature("48 megapixels: the mask is grown and shrunk without freezing")
    context.close()


# By a pass over each window: the highest value of a square, the lowest one to shrink.
SQUARES = """async () => {
    const { Mask } = await import('/page/mask.js');
    const random = (n) => Math.floor(Math.random() * n);
    for (const [w, h] of [[1, 1], [37, 20], [300, 70], [70, 600], [530, 530]]) {
        for (const radius of [1, -1, 3, -4, 20, -20, 256, -256]) {
            const values = new Uint8Array(w * h);
            for (let i = 0; i < 4; i++) {
                const [x, y, size, value] = [random(w), random(h), 1 + random(60), i ? 255 : random(256)];
                for (let b = y; b < Math.min(h, y + size); b++) values.fill(value, b * w + x, b * w + Math.min(w, x + size));
            }
            const n = Math.abs(radius);
            const best = (v, lines, length, stride, step) => {
                const out = new Uint8Array(v.length);
                for (let l = 0; l < lines; l++) for (let i = 0; i < length; i++) {
                    let found = v[l * step + i * stride];
                    for (let k = Math.max(0, i - n); k <= Math.min(length - 1, i + n); k++) {
                        const other = v[l * step + k * stride];
                        if (radius > 0 ? other > found : other < found) found = other;
                    }
                    out[l * step + i * stride] = found;
                }
                return out;
            };
            const wanted = best(best(values, h, w, 1, w), w, h, w, 1);
            const made = new Mask(w, h, values);
            made.grow(radius);
            if (wanted.some((v, i) => v !== made.values[i])) return [w, h, radius];
        }
    }
    return null;
}"""


def test_tools(browser):
    """The tools by keys and by their names, and that no text is cut."""
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask()")
    assert page.evaluate(SQUARES) is None, page.evaluate(SQUARES)
    feature("grow and shrink give each pixel the best of its square")

    tool(page, "Fill")
    names = {"size": "Size", "tolerance": "Tolerance", "hardness": "Hardness"}
    page.evaluate("document.getElementById('hardness-row').hidden = false")
    tree = context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    sliders = {n["name"]["value"] for n in tree if n.get("role", {}).get("value") == "slider"}
    assert set(names.values()) <= sliders, sliders
    feature("sliders have names")

    tool(page, "Brush")
    stops = "[...document.querySelectorAll('#tools button')].filter((b) => b.tabIndex === 0).map((b) => b.dataset.tool).join()"
    chosen = "document.querySelector('#tools [aria-checked=true]').dataset.tool"
    assert page.evaluate(stops) == "brush"
    for key, name in (("ArrowDown", "eraser"), ("ArrowRight", "rectangle"), ("ArrowUp", "eraser"), ("ArrowLeft", "brush"),
                      ("ArrowUp", "pan"), ("ArrowDown", "brush")):
        page.keyboard.press(key)
        assert page.evaluate(f"[{chosen}, {stops}, document.activeElement.dataset.tool].join('|')") == "|".join([name] * 3), key
    page.locator("#canvas").press("p")
    assert page.evaluate(f"[{chosen}, {stops}].join()") == "polygon,polygon"
    feature("tools are one stop of Tab, chosen by arrow keys, and by letters")

    # The crosshair begins in the middle, and a large step is the brush across.
    keys = page.keyboard
    for path in ("ArrowLeft", "ArrowUp ArrowUp", "ArrowRight ArrowRight", "ArrowDown ArrowDown"):
        for key in path.split():
            keys.press(f"Shift+{key}")
        keys.press("Enter")
    assert mask(page)["count"] == 0, "a polygon is filled before it is closed"
    keys.press("Enter")
    radius = page.evaluate("0.5 * 2000 ** (Number(document.getElementById('size').value) / 100)")
    box = mask(page)["bounds"]
    assert abs(box["w"] - 4 * radius) <= 3 and abs(box["h"] - 4 * radius) <= 3, (box, radius)
    do(page, "undo")
    feature("a polygon by keys")

    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    cut = """[...document.querySelectorAll('button, #gallery p.hint')].filter((n) => n.offsetParent
        && (n.scrollWidth > n.clientWidth + 1 || n.scrollHeight > n.clientHeight + 1)).map((n) => n.textContent)"""
    page.evaluate("""async () => { await fetch('api/v1/jobs', {method: 'POST', headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({verb: 'txt2img', settings: {prompt: 'x', steps: 1, width: 64, height: 64, seed: '4444444444'}})}); }""")
    wait(page, "document.querySelector('#gallery p.hint')?.textContent.includes('seed 4444444444')")
    for width in (320, 390, 768, 900, 901, 1024, 1400, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(100)
        page.screenshot(path=f"{SHOTS}/tools-{width}.png", full_page=True)
        assert page.evaluate(cut) == [], (width, page.evaluate(cut))
    feature("no button's text and no seed is cut, from 320 to 2560 px")
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
