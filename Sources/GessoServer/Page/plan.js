// What a job would do and need, before it is run.

import { ask } from "./api.js";

const el = (id) => document.getElementById(id);

function words(made) {
  const size = (n) => (n < 2 ** 30 ? `${Math.ceil(n / 2 ** 20)} MiB` : `${(n / 2 ** 30).toFixed(1)} GiB`);
  const time = made.seconds ? `about ${Math.ceil(made.seconds.encode + made.seconds.denoise + made.seconds.decode)} s` : "time unknown until a first run";
  return `${made.model}: ${made.evaluations} calls of the network at ${made.paddedWidth}×${made.paddedHeight}, ${time}, ${size(made.weightBytes + made.workBytes)} of memory`;
}

let newest = 0;

async function show(order) {
  const number = ++newest;
  const made = await ask("POST", "/api/v1/plan", await order());
  if (number === newest) el("plan").textContent = words(made);
}

/** Plans because a person asked for it. */
export async function plan(order, complain) {
  complain("");
  el("plan").textContent = "Planning";
  try {
    await show(order);
  } catch (error) {
    el("plan").textContent = "";
    complain(error.message);
  }
}

let waiting = 0;

/** Plans once nothing has changed for a while; what cannot be planned yet is no error. */
export function planSoon(order, isIdle) {
  clearTimeout(waiting);
  newest += 1;
  el("plan").textContent = "";
  waiting = setTimeout(() => {
    if (isIdle()) show(order).catch(() => { el("plan").textContent = ""; });
  }, 1500);
}
