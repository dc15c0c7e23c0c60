#!/usr/bin/env python3
"""Opens the pages that `gesso batch --report` and `gesso compare --page` write in a headless Chromium and tries
them.

    Scripts/try-report.py GESSO [FOLDER]

Makes a small batch (three pictures, one of them broken) in FOLDER or a temporary one, loads its page,
and checks that the page asks for nothing outside of itself, that every picture shows, that the slider
follows the mouse and the arrow keys, and that there is a card for what failed. Then fills a part of a picture
and tries the page that compares both: mask, heat map and border can be laid over them. Leaves screenshots,
report.png, compare.png and compare-heat.png. Needs Chromium and nothing of Python but its library.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Browser:
    """Chromium, spoken to in its DevTools protocol through two pipes."""

    def __init__(self, program, profile):
        to_browser, self.out = os.pipe()
        self.inp, from_browser = os.pipe()

        def hand_over():
            # Chromium reads from descriptor 3 and writes to descriptor 4.
            os.dup2(to_browser, 100)
            os.dup2(from_browser, 101)
            os.dup2(100, 3)
            os.dup2(101, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--remote-debugging-pipe", f"--user-data-dir={profile}", "--window-size=1300,1000",
             "about:blank"],
            close_fds=False, preexec_fn=hand_over, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.number, self.events, self.session = b"", 0, [], None

    def message(self):
        while b"\0" not in self.rest:
            more = os.read(self.inp, 1 << 16)
            if not more:
                sys.exit("the browser has gone")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def __call__(self, method, **params):
        self.number += 1
        call = {"id": self.number, "method": method, "params": params}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.out, json.dumps(call).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        while not any(e.get("method") == event for e in self.events):
            self.events.append(self.message())

    def value(self, expression):
        return self("Runtime.evaluate", expression=expression, returnByValue=True)[
            "result"].get("value")


def make_batch(gesso, folder):
    pictures = folder / "in"
    pictures.mkdir(parents=True)
    sample = pathlib.Path(__file__).parent.parent / "Fixtures/Pictures/landscape.jpg"
    for name in ("a.jpg", "b <&> c.jpg"):
        shutil.copy(sample, pictures / name)
    (pictures / "broken.png").write_bytes(b"GIF89a")
    done = subprocess.run(
        [gesso, "batch", "in", "--preset", "watercolor", "--prompt", "a lake", "--steps", "4",
         "--seed", "1", "--output-dir", "out", "--report", "report.html", "-q"],
        cwd=folder, capture_output=True, text=True)
    check(done.returncode == 3, "the batch ends with 3, one picture being broken")


def check(holds, what):
    print(("ok    " if holds else "FAILS ") + what)
    check.failed |= not holds


check.failed = False


def drag(browser, box):
    """Presses at the middle of a box and lets go at a quarter of it."""
    y = box["y"] + box["height"] / 2
    for kind, at in (("mousePressed", 0.5), ("mouseMoved", 0.4), ("mouseMoved", 0.25),
                     ("mouseReleased", 0.25)):
        browser("Input.dispatchMouseEvent", type=kind, x=box["x"] + box["width"] * at, y=y,
                button="left", buttons=1, clickCount=1)


def open_page(browser, page):
    """Loads a page and checks that it needs nothing else."""
    if not browser.session:
        targets = browser("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        browser.session = browser("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            browser(domain + ".enable")
    browser.events.clear()
    browser("Page.navigate", url=page.as_uri())
    browser.wait_for("Page.loadEventFired")
    asked = [e["params"]["request"]["url"] for e in browser.events
             if e.get("method") == "Network.requestWillBeSent"]
    outside = [url for url in asked if not url.startswith(("data:", "file:"))]
    files = [url for url in asked if url.startswith("file:")]
    check(not outside and len(files) == 1, "the page asks for nothing but itself")
    wrong = [e for e in browser.events
             if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
    check(not wrong, "nothing goes wrong in it")
    check(browser.value(f"{PICTURES}.every(i => i.complete && i.naturalWidth > 0)"),
          "every picture shows")


PICTURES = "[...document.querySelectorAll('img')]"


def shoot(browser, file):
    file.write_bytes(base64.b64decode(browser("Page.captureScreenshot")["data"]))


def try_report(browser, folder):
    open_page(browser, folder / "report.html")
    check(browser.value(f"{PICTURES}.length") == 4, "two pictures, before and after each")
    check(browser.value("document.querySelectorAll('article.failed').length") == 1,
          "one card for what failed")
    check(browser.value("[...document.querySelectorAll('h2')].some("
                        "h => h.textContent == 'b <&> c.jpg')"), "names stand as they are")
    slider(browser)
    shoot(browser, folder / "report.png")


def try_comparison(browser, gesso, folder):
    mask = ["--mask", "rect:60,60,90,70"]
    subprocess.run([gesso, "inpaint", "in/a.jpg", *mask, "--fill", "patch", "--steps", "0",
                    "-o", "filled.png", "-q"], cwd=folder, check=True, capture_output=True)
    subprocess.run([gesso, "compare", "in/a.jpg", "filled.png", *mask, "--page", "compare.html"],
                   cwd=folder, check=True, capture_output=True)
    open_page(browser, folder / "compare.html")
    slider(browser)
    shoot(browser, folder / "compare.png")
    shown = "[...document.querySelectorAll('.%s')].every(i => getComputedStyle(i).display != 'none')"
    for layer in ("mask", "heat"):
        check(not browser.value(shown % layer), f"the {layer} is hidden at first")
        browser.value(f"document.querySelector('[value={layer}]').click()")
        check(browser.value(shown % layer), f"and shows once it is chosen")
    shoot(browser, folder / "compare-heat.png")
    check(not browser.value(shown % "outline"), "the border is hidden at first")
    browser.value("document.getElementById('outline').click()")
    check(browser.value(shown % "outline"), "and shows once it is chosen")


def slider(browser):
    at = "getComputedStyle(document.querySelector('.pair')).getPropertyValue('--at').trim()"
    check(browser.value(at) == "50%", "the slider begins in the middle")
    box = browser.value(
        "(b => ({x: b.x, y: b.y, width: b.width, height: b.height}))"
        "(document.querySelector('.pair input').getBoundingClientRect())")
    drag(browser, box)
    place = float(browser.value(at).rstrip("%"))
    check(20 <= place <= 30, f"it follows the mouse to a quarter ({place:g} %)")
    line = browser.value(
        "document.querySelector('.pair i').getBoundingClientRect().x - "
        "document.querySelector('.pair').getBoundingClientRect().x")
    check(abs(line / box["width"] * 100 - place) < 1, "the line stands where it is")
    for kind in ("keyDown", "keyUp"):
        browser("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight",
                windowsVirtualKeyCode=39)
    check(float(browser.value(at).rstrip("%")) == place + 1, "it follows the arrow keys")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                   None)
    if not program:
        print("skipped: there is no Chromium")
        return
    gesso = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else temporary).absolute()
        make_batch(gesso, folder)
        browser = Browser(program, temporary + "/profile")
        try:
            try_report(browser, folder)
            try_comparison(browser, gesso, folder)
        finally:
            browser.process.terminate()
            browser.process.wait()
    sys.exit(check.failed)


main()
