// Writes the mask as a grey PNG. Canvases are never read: browsers may alter what they give back.

const table = new Uint32Array(256).map((_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function checksum(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = name.charCodeAt(i);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, checksum(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A PNG of `values`, one byte a pixel; with one bit a pixel if they are only 0 and 255. */
export async function encodeGrey(values, width, height) {
  const isHard = values.every((v) => v === 0 || v === 255);
  const row = isHard ? Math.ceil(width / 8) : width;
  const raw = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) {
    const target = y * (row + 1) + 1;
    if (!isHard) {
      raw.set(values.subarray(y * width, (y + 1) * width), target);
      continue;
    }
    for (let x = 0; x < width; x++) {
      if (values[y * width + x]) raw[target + (x >> 3)] |= 128 >> (x & 7);
    }
  }
  const stream = new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head[8] = isHard ? 1 : 8;
  return new Blob(
    [new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", packed),
      chunk("IEND", new Uint8Array(0))],
    { type: "image/png" });
}
