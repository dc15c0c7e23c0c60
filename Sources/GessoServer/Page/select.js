// Smart select and fill: the server finds the border of what a box holds, strokes mark or a colour fills.

import { bytes } from "./api.js";

/** What is marked so far; the next box begins anew. */
let marked = { box: null, keep: [], drop: [] };

/** At most so many points are sent, of a stroke and of all: the server takes some 20,000 numbers. */
const [ofStroke, ofAll] = [500, 8000];

function thinned(points, most) {
  const step = Math.max(1, Math.ceil(points.length / most));
  return points.filter((_, i) => i % step === 0).flatMap((p) => [Math.round(p.x), Math.round(p.y)]);
}

/** Adds what a box holds to the mask, or takes it away; a stroke mends what was found last. */
export async function select(host, source, box, points, subtracts) {
  const mask = host.mask;
  const mends = !box && mask.past.at(-1)?.name === "select";
  if (!mends) marked = { box: null, keep: [], drop: [], subtracts: Boolean(box) && subtracts };
  if (box) marked.box = box.map(Math.round);
  else marked[host.selecting === "keep" ? "keep" : "drop"].push(points);
  if (!marked.box && !marked.keep.length) throw new Error("Draw a box around the thing or a stroke on it first.");
  const most = Math.max(2, Math.min(ofStroke, Math.floor(ofAll / (marked.keep.length + marked.drop.length))));
  const [keep, drop] = [marked.keep, marked.drop].map((strokes) => strokes.map((stroke) => thinned(stroke, most)));
  const found = await bytes("/api/v1/mask/select", "POST", {
    source, box: marked.box, keep, drop, margin: document.getElementById("select-margin").checked ? null : 0,
  });
  const values = new Uint8Array(await found.arrayBuffer());
  // Another picture may have been opened meanwhile.
  if (mask !== host.mask) return;
  if (mends && mask.past.at(-1)?.name === "select") mask.undo();
  mask.begin("select");
  mask.combine(values, marked.subtracts);
  mask.end();
  host.painted();
  host.doubt(doubt(values, mask));
}

/** Why what was found in the box is hardly what was meant; empty where it may well be. */
function doubt(values, mask) {
  if (!marked.box) return "";
  const [x, y, w, h] = marked.box;
  const [left, right] = [Math.max(x, 0), Math.min(x + w, mask.width)];
  const [top, bottom] = [Math.max(y, 0), Math.min(y + h, mask.height)];
  let count = 0;
  for (let row = top; row < bottom; row += 1) {
    for (let i = row * mask.width + left; i < row * mask.width + right; i += 1) if (values[i]) count += 1;
  }
  const percent = (100 * count) / Math.max((right - left) * (bottom - top), 1);
  if (percent >= 3 && percent <= 97) return "";
  const share = `The selection covers ${percent < 0.1 ? "less than 0.1" : percent.toFixed(1)} % of the box. `;
  return share + (percent < 3 ? "Draw a keep stroke on the object, or another box." : "Draw a drop stroke on what is beside the object, or a larger box.");
}

/** Adds to the mask what a pixel reaches through pixels of about its colour, or takes it away. */
export async function fill(host, source, point, subtracts) {
  const mask = host.mask;
  if (point.x < 0 || point.y < 0 || point.x >= mask.width || point.y >= mask.height) return;
  const found = await bytes("/api/v1/mask/select", "POST",
    { source, fill: [Math.floor(point.x), Math.floor(point.y)], tolerance: host.tolerance });
  const values = new Uint8Array(await found.arrayBuffer());
  if (mask !== host.mask) return;
  mask.begin("fill");
  mask.combine(values, subtracts);
  mask.end();
  host.painted();
}
