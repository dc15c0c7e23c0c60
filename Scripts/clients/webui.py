"""Drives a server as programs for AUTOMATIC1111 do, by webuiapi and by bare requests."""

import base64
import io
import json
import sys
import threading
import time
import urllib.error
import urllib.request

import webuiapi
from PIL import Image, ImageChops, ImageDraw

ADDRESS = sys.argv[1]


def call(method, path, body=None, headers=None):
    """The status and the JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADDRESS + path, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def encoded(image, form="PNG"):
    stream = io.BytesIO()
    image.save(stream, form)
    return base64.b64encode(stream.getvalue()).decode()


def changed_outside(before, after, mask):
    """Whether any pixel where the mask is black differs."""
    difference = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    outside = ImageChops.invert(mask.convert("L").point(lambda v: 255 if v else 0))
    black = Image.new("RGB", before.size)
    return Image.composite(difference, black, outside).getbbox() is not None


photo = Image.open("Fixtures/Pictures/landscape.jpg").convert("RGB").resize((256, 192))
mask = Image.new("L", photo.size, 0)
ImageDraw.Draw(mask).rectangle((96, 64, 159, 127), fill=255)
quick = {"steps": 3, "cfg_scale": 3, "width": 256, "height": 192}

api = webuiapi.WebUIApi(baseurl=ADDRESS + "/sdapi/v1", steps=3)

# What clients read first.
assert "img2img" in api.get_scripts()
models = api.get_sd_models()
assert models and api.get_options()["sd_model_checkpoint"] == models[0]["title"], models
for name in ["samplers", "schedulers", "upscalers", "latent-upscale-modes", "sd-vae", "loras",
             "hypernetworks", "face-restorers", "realesrgan-models", "prompt-styles", "embeddings",
             "script-info", "scripts", "memory", "cmd-flags", "extensions"]:
    status, _ = call("GET", f"/sdapi/v1/{name}")
    assert status == 200, name
assert api.get_samplers() and api.get_memory()["ram"]["total"] > 0

# Options go there and back, the whole dictionary too.
api.set_options({"CLIP_stop_at_last_layers": 2})
assert api.get_options()["CLIP_stop_at_last_layers"] == 2
assert call("POST", "/sdapi/v1/options", api.get_options()) == (200, None)
api.set_options({"CLIP_stop_at_last_layers": 1})
assert call("POST", "/sdapi/v1/options", {"sd_model_checkpoint": "../../x"})[0] == 500

# Words become a picture of the size asked for; its seed can be read back from it.
made = api.txt2img(prompt="a green hill", seed=5, **quick)
assert made.image.size == (256, 192), made.image.size
assert made.info["all_seeds"] == [5] and made.info["infotexts"]
info = api.png_info(made.image)
assert "Seed: 5" in info.info, info.info
again = api.txt2img(prompt="a green hill", seed=5, **quick)
assert ImageChops.difference(made.image, again.image).getbbox() is None

# Restyling and repainting.
restyled = api.img2img(images=[photo], prompt="sunset", seed=1, denoising_strength=0.5, **quick)
assert restyled.image.size == (256, 192)
for only_masked in (False, True):
    repainted = api.img2img(
        images=[photo], mask_image=mask, prompt="a red house", seed=1, mask_blur=0,
        inpainting_fill=1, inpaint_full_res=only_masked, denoising_strength=0.9, **quick)
    assert repainted.image.size == photo.size
    assert not changed_outside(photo, repainted.image, mask), only_masked
inverted = api.img2img(
    images=[photo], mask_image=ImageChops.invert(mask), inpainting_mask_invert=1, seed=1,
    prompt="a red house", mask_blur=0, inpaint_full_res=False, inpainting_fill=1,
    denoising_strength=0.9, **quick)
assert not changed_outside(photo, inverted.image, mask)

# Lenient types and quirks of single clients.
body = {
    "prompt": "a hill", "steps": "2", "cfg_scale": None, "width": 128.0, "height": 128,
    "n_iter": None, "batch_size": 2, "seed": -1, "sampler_index": "Euler a", "styles": [""],
    "hr_scale": "1.0", "resize-mode": 1, "url": "http://x", "auth": "me:secret",
    "override_settings": {"CLIP_stop_at_last_layers": 1.0, "nothing": 1},
    "alwayson_scripts": {"ADetailer": {"args": [False]}},
}
status, answer = call("POST", "/sdapi/v1/txt2img", body, {"Authorization": "Basic "})
assert status == 200 and len(answer["images"]) == 2, (status, answer)
assert not answer["images"][0].startswith("data:")
told = json.loads(answer["info"])
assert told["all_seeds"][1] == told["all_seeds"][0] + 1 and told["index_of_first_image"] == 0
jpeg_mask = encoded(mask, "JPEG")
status, answer = call("POST", "/sdapi/v1/img2img", {
    "init_images": ["data:image/png;base64," + encoded(photo)], "mask": jpeg_mask, "steps": 2,
    "width": 256, "height": 192, "inpaint_full_res": False, "mask_blur": 0, "inpainting_fill": 1})
assert status == 200, answer
result = Image.open(io.BytesIO(base64.b64decode(answer["images"][0])))
assert not changed_outside(photo, result, mask.point(lambda v: v)), "a JPEG's grey noise counted"

# Refusals in the words that clients look for.
def expect(path, body, status, text):
    got, answer = call("POST", path, body)
    assert got == status and text in json.dumps(answer), (path, got, answer)

expect("/sdapi/v1/img2img", {"init_images": []}, 404, "Init image not found")
expect("/sdapi/v1/img2img", {"init_images": ["AAAA"]}, 500, "Invalid encoded image")
for place in ["http://127.0.0.1:22/", "file:///etc/passwd"]:
    expect("/sdapi/v1/img2img", {"init_images": [place]}, 422, "not fetched")
expect("/sdapi/v1/txt2img", {"sampler_name": "nope"}, 404, "Sampler not found")
expect("/sdapi/v1/txt2img", {"steps": "many"}, 422, '"loc": ["body", "steps"]')
expect("/sdapi/v1/txt2img", {"script_name": "x"}, 422, "Script 'x' not found")
status, answer = call("POST", "/sdapi/v1/txt2img", {
    "prompt": "a hill <lora:../../x:1>", "steps": 2, "width": 64, "height": 64})
assert status == 422 or "../../x" in json.dumps(json.loads(answer["info"])["extra_warnings"]), answer["info"]
expect("/sdapi/v1/txt2img", {"override_settings": {"sd_model_checkpoint": "/etc/passwd"}}, 500,
       "not found")
expect("/sdapi/v1/txt2img", {"alwayson_scripts": {"ADetailer": {"args": [True]}}}, 422, "not found")
assert call("GET", "/sdapi/v1/nothing") == (404, {"detail": "Not Found"})
assert call("DELETE", "/sdapi/v1/options") == (405, {"detail": "Method Not Allowed"})

# Progress while it runs, and an end by interrupt.
idle = call("GET", "/sdapi/v1/progress")[1]
assert idle["progress"] == 0 and idle["state"]["job"] == "" and idle["current_image"] is None
seen, slow = [], {}


def run():
    slow["answer"] = call("POST", "/sdapi/v1/txt2img", {
        "prompt": "a hill", "steps": 500, "width": 256, "height": 256, "force_task_id": "mine"})


thread = threading.Thread(target=run)
thread.start()
for _ in range(200):
    now = call("GET", "/sdapi/v1/progress")[1]
    seen.append(now["progress"])
    if now["state"]["sampling_step"] > 3:
        break
    time.sleep(0.05)
assert now["state"]["job"] and now["current_image"], now
assert seen == sorted(seen), "progress went back"
named = call("POST", "/internal/progress", {"id_task": "mine"})[1]
assert named["active"] and named["live_preview"].startswith("data:image/"), named
start = time.time()
assert call("POST", "/sdapi/v1/interrupt") == (200, {})
thread.join(20)
assert not thread.is_alive() and time.time() - start < 5
assert slow["answer"][0] == 200, slow

# Tools without a model.
large = api.extra_single_image(photo, upscaler_1="Lanczos", upscaling_resize=2)
assert large.image.size == (512, 384)
status, answer = call("POST", "/sdapi/auto-photoshop-sd/mask/expansion/", {
    "mask": encoded(mask), "mask_expansion": 4, "blur": 0})
grown = Image.open(io.BytesIO(base64.b64decode(answer["mask"].split(",")[1])))
assert grown.getbbox() == (92, 60, 164, 132), grown.getbbox()

print("webuiapi: ok")
