"""Drives a server by OpenAI's client: pictures from words, edits with masks, refusals."""

import base64
import io
import sys

import openai
from PIL import Image, ImageChops, ImageDraw

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="unused", max_retries=0)


def picture(data):
    return Image.open(io.BytesIO(base64.b64decode(data.b64_json)))


def file(image, name="picture.png"):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return (name, stream.getvalue(), "image/png")


names = [model.id for model in client.models.list()]
assert names, "no models"

extra = {"seed": 3, "steps": 3}
made = client.images.generate(
    prompt="a green hill", size="256x192", n=2, model=names[0], extra_body=extra)
assert [picture(data).size for data in made.data] == [(256, 192)] * 2
assert made.size == "256x192" and made.data[0].seed == 3 and made.data[1].seed == 4

photo = Image.open("Fixtures/Pictures/landscape.jpg").convert("RGB").resize((256, 192))
mask = Image.new("RGBA", photo.size, (0, 0, 0, 255))
ImageDraw.Draw(mask).rectangle((96, 64, 159, 127), fill=(0, 0, 0, 0))
for given in (file(photo), [file(photo)]):
    edited = picture(client.images.edit(
        image=given, mask=file(mask), prompt="a red house", extra_body=extra).data[0])
    assert edited.size == photo.size
    changed = ImageChops.difference(edited.convert("RGB"), photo).getbbox()
    assert changed and changed[0] >= 96 and changed[1] >= 64, changed
    assert changed[2] <= 160 and changed[3] <= 128, changed

# Bytes alone, and a picture that is transparent where it is edited.
see_through = photo.convert("RGBA")
see_through.putalpha(mask.getchannel("A"))
stream = io.BytesIO()
see_through.save(stream, "PNG")
edited = picture(client.images.edit(
    image=stream.getvalue(), prompt="a red house", extra_body=extra).data[0])
assert edited.size == photo.size

stream = client.images.generate(
    prompt="a hill", size="128x128", stream=True, partial_images=2, extra_body=extra)
kinds = [event.type for event in stream]
assert kinds[-1] == "image_generation.completed", kinds

for bad, text in [
    ({"mask": file(photo)}, "alpha"),
    ({"mask": file(mask.resize((64, 64)))}, "same size"),
]:
    try:
        client.images.edit(image=file(photo), prompt="x", **bad)
        raise AssertionError("a bad mask was taken")
    except openai.BadRequestError as error:
        assert text in error.message, error.message
try:
    client.images.generate(prompt="x", size="9x9999999")
    raise AssertionError("an absurd size was taken")
except openai.BadRequestError as error:
    assert error.param == "size", error.param
    assert error.response.headers["x-should-retry"] == "false"

print("openai: ok")
