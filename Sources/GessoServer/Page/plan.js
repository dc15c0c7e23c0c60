// What a job would do and need, before it is run.

import { ask } from "./api.js";

const el = (id) => document.getElementById(id);

export async function plan(order, complain) {
  complain("");
  el("plan").textContent = "Planning";
  try {
    const made = await ask("POST", "/api/v1/plan", await order());
    const size = (n) => (n < 2 ** 30 ? `${Math.ceil(n / 2 ** 20)} MiB` : `${(n / 2 ** 30).toFixed(1)} GiB`);
    const time = made.seconds ? `about ${Math.ceil(made.seconds.encode + made.seconds.denoise + made.seconds.decode)} s` : "time unknown until a first run";
    el("plan").textContent = `${made.model}: ${made.evaluations} calls of the network at ${made.paddedWidth}×${made.paddedHeight}, ${time}, ${size(made.weightBytes + made.workBytes)} of memory`;
  } catch (error) {
    el("plan").textContent = "";
    complain(error.message);
  }
}
