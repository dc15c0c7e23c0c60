// What a job would do and need, before it is run, and how far it is while it runs.

import { ask, bytes } from "./api.js";

const el = (id) => document.getElementById(id);

function words(made) {
  const size = (n) => (n < 2 ** 30 ? `${Math.ceil(n / 2 ** 20)} MiB` : `${(n / 2 ** 30).toFixed(1)} GiB`);
  const time = made.seconds ? `about ${Math.ceil(made.seconds.encode + made.seconds.denoise + made.seconds.decode)} s` : "time unknown until a first run";
  return `${made.model}: ${made.evaluations} calls of the network at ${made.paddedWidth}×${made.paddedHeight}, ${time}, ${size(made.weightBytes + made.workBytes)} of memory`;
}

const stages = {
  loading: "loading the model", fill: "filling the mask", prompt: "reading the prompt", encode: "reading the picture",
  decode: "writing the picture",
};

function timeLeft(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s left`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}

/** Which picture, which of its passes, which step of that pass, and how long it still takes. */
export function progressText(now) {
  const parts = [];
  if (now.pictures > 1) parts.push(`picture ${now.picture + 1} of ${now.pictures}`);
  if (now.passes > 1) parts.push(`pass ${now.pass} of ${now.passes}`);
  parts.push(stages[now.stage] ?? `step ${now.passStep} of ${now.passSteps}`);
  if (now.secondsLeft !== null) parts.push(timeLeft(now.secondsLeft));
  const text = parts.join(", ");
  return text[0].toUpperCase() + text.slice(1);
}

/** Ends the running job with what there is of its picture, by the button for it. */
export function finishing(job, complain) {
  el("finish").addEventListener("click", async () => {
    try { await ask("POST", `/api/v1/jobs/${job()}/finish`); } catch (error) { complain(error.message); }
  });
}

let newest = 0;

/** Is given each plan with its order, and nothing once it does not hold any more. */
export const plans = { look: () => {} };

/** What holds all of a mask that is not black. */
export function boundsOf({ values, width }) {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let i = 0; i < values.length; i += 1) {
    if (!values[i]) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), y];
  }
  return right < 0 ? null : { x: left, y: top, w: right - left + 1, h: bottom - top + 1 };
}

/** Of larger pictures only the parts are shown: their masks are too many bytes for a look. */
const mostPixels = 4e6;

/** The last mask that was fetched, and what it was made of. */
let known = { of: "", used: null };

/** All of an order that a mask as used is made of: words and numbers of steps leave it as it is. */
function making({ source, mask, presets, settings }) {
  const own = Object.entries(settings).filter(([name]) => name.includes("mask") || name.startsWith("soft_"));
  return JSON.stringify([source, mask, presets, own.sort()]);
}

/** Shows what a plan says of the mask: its real form, and the parts that are worked on. */
export async function look(view, made, body) {
  const number = newest;
  if (view.used || view.parts.length) {
    [view.used, view.parts] = [null, []];
    view.redrawMask();
  }
  if (!made || body.verb !== "inpaint") return;
  view.parts = made.passes.filter((part) => part.width < made.width || part.height < made.height).slice(0, 12);
  view.redrawMask();
  if (made.width * made.height > mostPixels) return;
  const of = making(body);
  try {
    if (known.of !== of) {
      const values = new Uint8Array(await (await bytes("/api/v1/mask/used", "POST", body)).arrayBuffer());
      if (values.length !== made.width * made.height) return;
      known = { of, used: { values, width: made.width, height: made.height } };
    }
    if (number !== newest) return;
    view.used = known.used;
    view.redrawMask();
  } catch { /* It cannot be shown; the run says why. */ }
}

async function show(order) {
  const number = ++newest;
  const body = await order();
  const made = await ask("POST", "/api/v1/plan", body);
  if (number !== newest) return;
  el("plan").textContent = words(made);
  plans.look(made, body);
}

/** Plans because a person asked for it. */
export async function plan(order, complain, fail) {
  complain("");
  el("plan").textContent = "Planning";
  try {
    await show(order);
  } catch (error) {
    el("plan").textContent = "";
    fail(error);
  }
}

let waiting = 0;

/** Plans once nothing has changed for a while; what cannot be planned yet is no error. */
export function planSoon(order, isIdle) {
  clearTimeout(waiting);
  newest += 1;
  el("plan").textContent = "";
  plans.look(null);
  waiting = setTimeout(() => {
    if (isIdle()) show(order).catch(() => { el("plan").textContent = ""; });
  }, 1500);
}
