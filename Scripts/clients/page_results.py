"""What the page shows of a job before and after it: the mask as it is used, and a result beside its picture."""

from page_tools import do, feature, mask, opened, PHOTO, run, SHOTS, wait


def test_results(browser):
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask()")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for name, value in zip("xywh", (100, 60, 80, 80)):
        page.fill(f"#shape-{name}", str(value))
    do(page, "addShape")
    page.fill("#grow-by", "7")
    do(page, "grow")
    assert mask(page)["bounds"] == {"x": 93, "y": 53, "w": 94, "h": 94}, mask(page)
    do(page, "shrink")
    assert mask(page)["count"] == 80 * 80, mask(page)
    page.locator("#canvas").press(".")
    assert int(page.locator("#size-value").inner_text()) > 40
    page.locator("#canvas").press("{")
    assert page.locator("#hardness-value").inner_text() == "90%"
    feature("grow and shrink by pixels; keys for size and hardness")

    page.fill("#prompt", "a red house")
    page.fill("#key-steps", "4")
    page.fill("#key-mask_grow", "10")
    page.select_option("#key-region", "mask")
    wait(page, "window.gesso.used()?.bounds !== undefined", timeout=60000)
    used = page.evaluate("window.gesso.used()")
    assert used["bounds"] == {"x": 90, "y": 50, "w": 100, "h": 100}, used
    assert len(used["parts"]) == 1 and used["parts"][0]["width"] >= 100, used
    page.screenshot(path=f"{SHOTS}/used.png")
    # The mask as used stays what it is while the words change.
    fetched = []
    page.on("request", lambda r: fetched.append(r.url) if r.url.endswith("/mask/used") else None)
    page.fill("#prompt", "a red house with a door")
    with page.expect_response(lambda r: r.url.endswith("/api/v1/plan"), timeout=60000):
        pass
    wait(page, "window.gesso.used()?.bounds !== undefined")
    assert not fetched, fetched
    page.fill("#key-mask_grow", "0")
    page.select_option("#key-region", "whole")
    feature("the mask as a job uses it, and the part that is worked on")

    page.fill("#key-steps", "400")
    page.locator("#run").click()
    page.wait_for_selector("#preview:not([hidden])", timeout=60000)
    page.locator("#finish").click()
    wait(page, "document.getElementById('proof').textContent.includes('0 pixels changed')", timeout=30000)
    feature("a job that is stopped leaves its picture as it is")

    page.fill("#key-steps", "4")
    run(page)
    wait(page, "!document.getElementById('compare-mode-label').hidden")
    for mode in ("beside", "difference"):
        page.select_option("#compare-mode", mode)
        page.wait_for_timeout(150)
        page.screenshot(path=f"{SHOTS}/{mode}.png")
    page.select_option("#compare-mode", "slider")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#copy-result").click()
    wait(page, "document.getElementById('live').textContent === 'Copied'")
    feature("side by side, difference, copy the result")
    context.close()


def test_abilities(browser):
    """What a checkpoint cannot do is greyed, and says why."""
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.set_input_files("#file", PHOTO)
    wait(page, "window.gesso.mask()")
    # No checkpoint of the trial follows instructions.
    assert not page.get_by_label("Follow an instruction").is_visible()
    assert not page.locator("#cannot").is_visible()
    page.get_by_label("From words").check()
    page.locator("summary", has_text="More settings").click()
    page.select_option("#model", "gesso-builtin-inpaint")
    assert page.get_by_label("From words").is_disabled()
    assert page.get_by_label("Repaint the mask").is_checked(), "an edit stays that is refused"
    assert "inpainting and outpainting only" in page.locator("#cannot").inner_text()
    page.screenshot(path=f"{SHOTS}/abilities.png")
    page.select_option("#model", "")
    assert page.get_by_label("From words").is_enabled()
    page.fill("#key-guidance_scale", "1")
    assert page.locator("#negative").is_disabled() and page.locator("#negative-idle").is_visible()
    page.fill("#key-guidance_scale", "5")
    assert page.locator("#negative").is_enabled()
    feature("what a checkpoint cannot do is greyed, with the reason")
    context.close()


def test_seeds(browser):
    """Seeds have 64 bits, and what is none is refused at its field."""
    context, page = opened(browser, viewport={"width": 1400, "height": 900})
    page.get_by_label("From words").check()
    page.fill("#prompt", "seeds")
    page.fill("#key-steps", "1")
    for seed in ("4611686018427387905", "18446744073709551615"):
        page.fill("#key-seed", seed)
        run(page)
        wait(page, f"document.querySelector('#gallery p.hint')?.textContent.includes('seed {seed}')")
        for button in ("all", "seed"):
            page.fill("#key-seed", "")
            page.locator(f"#gallery [data-what={button}]").first.click()
            wait(page, f"document.getElementById('key-seed').value === '{seed}'")
    feature("a seed of 64 bits is used again, digit by digit")

    made = set()
    for seed in ("", "-1", "", "-1"):
        page.fill("#key-seed", seed)
        run(page)
        wait(page, "/Seed [0-9]+$/.test(document.getElementById('proof').textContent)")
        made.add(page.locator("#proof").inner_text())
    assert len(made) == 4, made
    feature("an empty seed, and -1, draw one")

    page.fill("#key-seed", "12x")
    page.locator("#run").click()
    wait(page, "document.getElementById('key-seed').getAttribute('aria-invalid') === 'true'")
    said = page.locator("#message").inner_text()
    assert said.startswith("Seed: "), said
    page.fill("#key-seed", "12")
    assert page.locator("#key-seed").get_attribute("aria-invalid") is None
    feature("what is no seed is refused at its field")
    context.close()
