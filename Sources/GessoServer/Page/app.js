// Joins the parts: the picture, its mask, the settings, and what comes back from the server.

import "./chrome.js";
import { ask, bytes, listen, picture as load, show, shown, unique, address } from "./api.js";
import { View } from "./canvas.js";
import { edges, sides } from "./extend.js";
import { intake } from "./intake.js";
import { Gallery } from "./gallery.js";
import { Queue, Settings, make, saveBlob } from "./panels.js";
import { showHelp } from "./help.js";
import { keyboard } from "./keyboard.js";
import { Mask } from "./mask.js";
import { encodeGrey } from "./png.js";
import { forget, recall, remember } from "./memory.js";
import { boundsOf, finishing, look, plan, planSoon, plans, progressText } from "./plan.js";
import { presetPictures } from "./presets.js";
import { fill, select } from "./select.js";
import { notePrompt } from "./prompts.js";
import { resultTools, showResultTools } from "./result.js";
import { loadStyles, styled } from "./styles.js";
import { Pointers, placeOf, radiusOf, showTool, toolButtons, toolOptions, tools } from "./tools.js";

const el = (id) => document.getElementById(id);
const state = {
  source: null, result: null, lastMask: null, isSending: false,
  // The job that was begun last, and all that were begun here with the picture that was open then.
  job: null, jobs: new Map(), began: 0,
  // What undo takes back beside strokes: results over the picture, and pictures that were open before.
  steps: [], earlier: [],
};
const view = new View(el("viewport"), el("picture"), el("canvas"));

const host = {
  view, tool: "brush", radius: 20, hardness: 1, selecting: "box", tolerance: 24, mask: null,
  begun() { showMask(true); },
  painted() {
    if (verb() !== "inpaint") setVerb("inpaint");
    describe();
    store();
    if (el("auto-run").checked && !state.job) run();
  },
  undo: () => act.undo(),
  doubt: (text) => complain(text),
  fill: (...place) => fill(host, state.source.id, ...place).then(() => say(`Filled. ${el("mask-text").textContent}`), (error) => complain(error.message)),
  select: (...marks) => select(host, state.source.id, ...marks).then(() => say(`Selected. ${el("mask-text").textContent}`), (error) => complain(error.message)),
};
const pointers = new Pointers(el("canvas"), host);

/** Shows the mask over a result, or the result alone. */
function showMask(shows) {
  view.hidesMask = !shows;
  el("show-mask").setAttribute("aria-pressed", shows);
  view.redrawMask();
}

function say(text) {
  el("live").textContent = "";
  setTimeout(() => { el("live").textContent = text; }, 30);
}

function complain(text, input) {
  el("message").textContent = text;
  document.querySelectorAll("#panel [aria-invalid]").forEach((node) => {
    node.removeAttribute("aria-invalid");
    node.removeAttribute("aria-errormessage");
  });
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-errormessage", "message");
  const folded = input.closest("details");
  if (folded) folded.open = true;
}

/** Shows an error at the field that it is about. */
function fail({ message, field = "" }) {
  const input = field === "prompt" ? el("prompt") : field.startsWith("settings.") ? el(`key-${field.slice(9)}`) : null;
  const label = input?.closest(".field")?.querySelector("label").textContent;
  complain(label ? `${label}: ${message}` : message, input);
}

const settings = new Settings(() => { complain(""); store(); });
const queue = new Queue(complain);
const gallery = new Gallery(use, complain);

// The picture

async function openFile(file) {
  complain("");
  el("picture-name").textContent = `Loading ${file.name ?? "picture"}`;
  const turn = ++opened;
  try {
    const kept = await ask("POST", "/api/v1/pictures", new Blob([file], { type: "application/octet-stream" }));
    if (turn !== opened) return;
    if (await setSource({ ...kept, name: file.name ?? "picture" })) say(`Opened ${kept.width} by ${kept.height} pixels`);
  } catch (error) {
    if (turn === opened) el("picture-name").textContent = named(state.source);
    complain(error.message);
  }
}

/** Pictures that were asked for; the last one is shown, whichever comes last. */
let opened = 0;
/** Pictures that undo brings back, with their masks. */
const mostEarlier = 8;

const named = (source) => (source ? `${source.name ?? ""} ${source.width}×${source.height}` : "");

/** Shows a picture, with an empty mask unless one is given; false where another was asked for meanwhile. */
async function setSource(source, mask) {
  const turn = ++opened;
  // A large picture, or one of a kind that browsers do not show, is shown by a smaller view; the server
  // works on the file.
  const isByView = source.width * source.height > 6e6 || /tiff|heic/.test(source.type ?? "");
  const picture = await load(`/api/v1/pictures/${source.id}${isByView ? "?max=2048" : ""}`);
  if (turn !== opened) return false;
  pointers.cancel();
  if (state.source) state.earlier = [...state.earlier, { source: state.source, mask: host.mask, verb: verb() }].slice(-mostEarlier);
  view.picture = picture;
  state.source = source;
  state.result = null;
  state.steps = [];
  view.result = null;
  view.size = { w: source.width, h: source.height };
  view.extent = { left: 0, top: 0, right: 0, bottom: 0 };
  host.mask = mask ?? new Mask(source.width, source.height);
  host.mask.changed = () => view.redrawMask();
  view.mask = verb() === "inpaint" ? host.mask : null;
  for (const side of sides) el(`side-${side}`).value = 0;
  el("empty").hidden = true;
  el("picture-name").textContent = named(source);
  view.fit();
  showResult(null);
  describe();
  store();
  return true;
}

/** Brings the picture back that was open before. */
async function reopen() {
  const last = state.earlier.pop();
  const kept = state.earlier;
  try {
    if (!(await setSource(last.source, last.mask))) return;
    state.earlier = kept;
    setVerb(last.verb);
    say(`Undone: ${last.source.name ?? "the picture before"} is open again`);
  } catch (error) { complain(error.message); }
}

async function setMaskFrom(id, from = "luma") {
  const source = state.source;
  if (!source) return complain("Open a picture first.");
  const { mask } = host;
  const blob = await bytes(`/api/v1/pictures/${id}/mask?from=${from}&width=${source.width}&height=${source.height}`);
  if (host.mask !== mask) return;
  pointers.settle();
  host.mask.begin("load");
  host.mask.set(new Uint8Array(await blob.arrayBuffer()));
  host.mask.end();
  host.painted();
}

async function openMask(file) {
  try {
    if (!state.source) throw new Error("Open a picture first.");
    const kept = await ask("POST", "/api/v1/pictures", new Blob([file], { type: "application/octet-stream" }));
    await setMaskFrom(kept.id, kept.hasAlpha ? "opaque" : "luma");
    const differs = kept.width !== state.source.width || kept.height !== state.source.height;
    say(`Mask loaded. White is repainted.${differs ? " It was resized to the picture." : ""}`);
  } catch (error) { complain(error.message); }
}

function describe() {
  const { mask } = host;
  if (!mask) { el("mask-text").textContent = "No picture"; return; }
  if (verb() !== "inpaint") {
    el("mask-text").textContent = { img2img: "The whole picture is restyled", outpaint: "The picture is extended", txt2img: "A new picture is made", instruct: "The picture is changed as the prompt says" }[verb()];
    return;
  }
  const count = mask.count();
  const box = count ? mask.bounds() : null;
  const part = (100 * count) / mask.values.length;
  el("mask-text").textContent = count
    ? `${part < 0.1 ? "less than 0.1" : part.toFixed(part < 10 ? 1 : 0)} % will be repainted, ${box.w}×${box.h} at ${box.x}, ${box.y}`
    : "The mask is empty";
}

// What can be done by button and key

const change = (name, work) => () => {
  if (!host.mask) return;
  pointers.settle();
  host.mask.begin(name);
  work(host.mask);
  host.mask.end();
  host.painted();
  say(`${name}. ${el("mask-text").textContent}`);
};
const growth = () => Math.min(Math.max(Math.round(Number(el("grow-by").value)) || 1, 1), 256);
const shape = (subtracts) => change("shape", (mask) => {
  const [x, y, w, h] = ["x", "y", "w", "h"].map((n) => Number(el(`shape-${n}`).value));
  mask.rectangle(x, y, w, h, subtracts ? 0 : 255);
});

const act = {
  undo() {
    if (pointers.settle()) return;
    // A result is a step of its own: it is taken back before the strokes under it.
    const last = state.steps.at(-1);
    if (last && host.mask && last.depth === host.mask.past.length) return takeBack();
    const name = host.mask?.undo();
    if (name) { describe(); store(); say(`Undone: ${name}`); }
    else if (state.earlier.length) reopen();
  },
  redo() {
    pointers.settle();
    const name = host.mask?.redo();
    if (name) { describe(); store(); say(`Redone: ${name}`); }
  },
  clear: change("Clear", (mask) => mask.clear()),
  invert: change("Invert", (mask) => mask.invert()),
  grow: change("Grow", (mask) => mask.grow(growth())),
  shrink: change("Shrink", (mask) => mask.grow(-growth())),
  addShape: shape(false),
  removeShape: shape(true),
  fit: () => view.fit(),
  actual: () => view.zoomTo(1),
  double: () => view.zoomTo(2),
  async saveMask() {
    if (host.mask) saveBlob(await encodeGrey(host.mask.values, host.mask.width, host.mask.height), "mask.png");
  },
  fromAlpha: () => state.source && setMaskFrom(state.source.id, "transparency"),
  lastMask: () => state.lastMask && setMaskFrom(state.lastMask),
  smaller: () => setRadius(radiusOf(placeOf(host.radius) - 3)),
  larger: () => setRadius(radiusOf(placeOf(host.radius) + 3)),
  softer: () => setHardness(Number(el("hardness").value) - 10),
  harder: () => setHardness(Number(el("hardness").value) + 10),
  run: () => run(),
  cancel: () => cancel(),
  open: () => el("file").click(),
  save: () => { if (!el("save-result").hidden) el("save-result").click(); },
  help: () => showHelp(),
};
for (const name of Object.keys(tools)) act[name] = () => setTool(name);

function setTool(name) {
  host.tool = name;
  showTool(name);
  pointers.cancel();
  view.cursor = null;
  view.redrawMask();
}

function setRadius(radius) {
  host.radius = Math.min(Math.max(radius, 0.5), 1000);
  el("size").value = placeOf(host.radius);
  el("size-value").textContent = Math.round(2 * host.radius);
  if (view.cursor) view.cursor.radius = host.radius;
  view.redrawMask();
}

function setHardness(percent) {
  el("hardness").value = percent;
  host.hardness = el("hardness").value / 100;
  el("hardness-value").textContent = `${el("hardness").value}%`;
}

// What to do

function verb() { return document.querySelector("input[name=verb]:checked").value; }

function setVerb(name) {
  document.querySelector(`input[name=verb][value=${name}]`).checked = true;
  settings.setVerb(name);
  el("sides").hidden = name !== "outpaint";
  el("remove").hidden = name !== "inpaint";
  view.mask = name === "inpaint" ? host.mask : null;
  describe();
  if (name !== "outpaint") view.extent = { left: 0, top: 0, right: 0, bottom: 0 };
  else edge.read();
  view.redraw();
  complain("");
  store();
}

const edge = edges(view, () => verb() === "outpaint" && Boolean(state.source));

// Running

/** The request as the server takes it, after what it needs has been sent. */
async function order() {
  const name = verb();
  const { unread } = settings;
  if (unread) throw Object.assign(new Error("give a number."), { field: `settings.${unread.name}` });
  const body = { verb: name, page: true, settings: settings.values(), pictures: Number(settings.count.value) || 1 };
  const removes = state.removes && name === "inpaint";
  if (settings.model.value) body.model = settings.model.value;
  if (removes) Object.assign(body, { presets: ["heal-spots"], settings: {}, pictures: 1 });
  else if (settings.chosen.length) body.presets = settings.chosen;
  const { prompt, negative } = styled(el("prompt").value.trim(), el("negative").value.trim());
  if (!removes && (prompt || !settings.preset)) body.settings.prompt = prompt;
  if (!removes && negative) body.settings.negative_prompt = negative;
  const isEmpty = name === "inpaint" && host.mask?.count() === 0;
  if (!state.source && name !== "txt2img") throw new Error("Open a picture first.");
  if (isEmpty) throw new Error("The mask is empty: paint what is to be repainted, or choose “Restyle it all”.");
  if (!prompt && !body.presets && body.settings.steps !== "0") throw Object.assign(new Error("Describe in the prompt what is to be painted, or choose a preset."), { field: "prompt" });
  if (name === "txt2img") return body;
  body.source = state.source.id;
  if (name === "inpaint") {
    const kept = await ask("POST", "/api/v1/pictures", await encodeGrey(host.mask.values, host.mask.width, host.mask.height));
    body.mask = kept.id;
    // A soft brush says how much of a pixel is repainted.
    if (host.mask.isSoft) body.settings.mask_mode ??= "soft";
  }
  if (name === "outpaint") {
    if (sides.every((side) => view.extent[side] === 0)) throw new Error("Drag an edge of the picture, or give pixels, to say how far it extends.");
    for (const side of sides) if (view.extent[side]) body.settings[side] = String(view.extent[side]);
  }
  return body;
}

async function run() {
  if (state.isSending) return;
  if (state.job) return say("A job is running already");
  state.isSending = true;
  complain("");
  el("run").disabled = true;
  try {
    const body = await order();
    const job = await ask("POST", "/api/v1/jobs", body, { "Idempotency-Key": unique() });
    state.lastMask = body.mask ?? state.lastMask;
    state.job = job.id;
    state.began = performance.now();
    state.jobs.set(job.id, body.source ?? state.source?.id ?? null);
    notePrompt(el("prompt").value);
    showRunning(job);
    // It may have ended before the answer to its order came.
    meet(job.id);
    store();
  } catch (error) {
    fail(error);
  } finally {
    state.isSending = false;
    el("run").disabled = false;
  }
}

async function cancel() {
  if (!state.job) return;
  const id = state.job;
  try { await ask("DELETE", `/api/v1/jobs/${id}`); } catch (error) {
    complain(error.message);
    await meet(id);
  }
}

/** Asks for the state of a job that was begun here. */
async function meet(id) {
  try {
    const job = await ask("GET", `/api/v1/jobs/${id}`);
    await takeJob(job).catch((error) => complain(error.message));
  } catch (error) {
    if (error.status !== 404) return;
    state.jobs.delete(id);
    if (state.job === id) { state.job = null; showRunning(null); }
  }
}

function showRunning(job) {
  el("run").textContent = job ? "Cancel" : "Run";
  el("remove").disabled = Boolean(job);
  el("progress-box").hidden = !job;
  if (!job) return;
  const place = queue.jobs.findIndex((j) => j.id === job.id);
  el("progress").removeAttribute("value");
  el("progress-text").textContent = place > 0 ? `Waiting: ${place + 1} of ${queue.jobs.length}` : "Waiting";
}

let quarter = 0;
let previewed = 0;
async function takeProgress(now) {
  if (now.job !== state.job) return;
  el("progress").value = now.fraction;
  el("progress-text").textContent = progressText(now);
  const reached = Math.floor(now.fraction * 4);
  if (reached > quarter) say(`${reached * 25} % done`);
  quarter = reached;
  if (now.preview && performance.now() - previewed > 500) {
    previewed = performance.now();
    try {
      show(el("preview"), "src", await shown(now.preview));
      el("preview").hidden = false;
    } catch { /* It is over already. */ }
  }
}

async function takeJob(job) {
  if (!queue.take(job)) return;
  if (job.results?.length && job.state !== "queued" && job.state !== "running") gallery.refresh();
  if (!state.jobs.has(job.id)) return;
  if (job.state === "queued" || job.state === "running") {
    if (job.id === state.job) showRunning(job);
    return;
  }
  if (job.id === state.job) {
    state.job = null;
    quarter = 0;
    showRunning(null);
    el("preview").hidden = true;
  }
  const source = state.jobs.get(job.id);
  state.jobs.delete(job.id);
  store();
  if (job.state === "failed") complain(`The job failed: ${job.error}`);
  if (job.state === "cancelled") say("Cancelled");
  const last = job.results.at(-1);
  if (last && source !== (state.source?.id ?? null)) {
    say("Done. Another picture is open: the result is in the gallery");
  } else if (last) {
    await showResult(last, job.request);
    // On a narrow screen the picture may be out of sight.
    el("stage").scrollIntoView({ block: "nearest" });
    say("Done");
  }
}

async function showResult(result, request) {
  const isShown = Boolean(result);
  showResultTools(isShown, isShown && `image/${request?.format ?? "png"}`);
  el("show-mask").hidden = !isShown || verb() !== "inpaint";
  showMask(!isShown);
  el("proof").textContent = "";
  if (!isShown) { view.result = null; view.redraw(); return; }
  const image = await load(result.url);
  if (request?.verb === "txt2img" || !state.source) {
    const info = await ask("GET", `${result.url}/info`);
    if (!(await setSource({ ...info, name: "result" }))) return;
    for (const id of ["use-result", "save-result"]) el(id).hidden = false;
  } else {
    const e = Object.fromEntries(sides.map((side) => [side, request?.verb === "outpaint" ? Number(request.settings[side] ?? 0) : 0]));
    const box = { x: -e.left, y: -e.top, w: view.size.w + e.left + e.right, h: view.size.h + e.top + e.bottom };
    view.result = { image, box };
    state.steps.push({ depth: host.mask.past.length });
  }
  state.result = result;
  view.compare = 0;
  el("compare").value = 0;
  show(el("save-result"), "href", await shown(`${result.url}?download=1`));
  el("save-result").download = `gesso-${result.seed}.${request?.format ?? "png"}`;
  const outside = result.receipt?.changedOutside;
  el("proof").textContent = (outside === null || outside === undefined ? "" : `Outside the mask: ${outside} pixels changed. `) + `Seed ${result.seed}`;
  view.redraw();
}

function takeBack() {
  state.steps.pop();
  showResult(null);
  say("Undone: result");
}

async function useResult() {
  if (!state.result) return;
  const info = await ask("GET", `${state.result.url}/info`);
  if (!(await setSource({ ...info, name: "result" }))) return;
  if (verb() === "outpaint") setVerb("inpaint");
}

async function use(what, item) {
  const request = item.request;
  if (what === "open" || what === "source") {
    const isBefore = Boolean(state.source);
    if (!(await setSource({ ...(await ask("GET", `${item.url}/info`)), name: "result" }))) return;
    if (what === "source") setVerb("inpaint");
    say(isBefore ? "Opened. Undo brings back the picture before it" : "Opened");
  } else if (what === "seed") {
    settings.write("seed", String(item.seed));
    settings.mark();
  } else if (what === "all" && request) {
    if (request.source && request.source !== state.source?.id) {
      const info = await ask("GET", `/api/v1/pictures/${request.source}/info`);
      if (!(await setSource({ ...info, name: "picture" }))) return;
    }
    setVerb(request.verb === "upscale" ? "img2img" : request.verb);
    settings.recall({ ...request, settings: { ...request.settings, seed: String(item.seed) } });
    el("prompt").value = request.settings.prompt ?? "";
    el("negative").value = request.settings.negative_prompt ?? "";
    // Its words are in the prompt already.
    el("style").value = "";
    for (const side of sides) edge.set(side, Number(request.settings[side] ?? 0));
    if (request.mask) await setMaskFrom(request.mask);
    complain("");
    say("All settings are as they were");
  }
  store();
}

// What is kept in this browser: the picture's id, the mask, fields and view

// The timer of what is still to be kept; 0: nothing is.
let storing = 0;
// What was kept of a picture that could not be opened.
let unopened;
function store() {
  // A very large mask is not sent for a plan alone.
  const isLarge = view.size.w * view.size.h > 16e6;
  planSoon(order, () => !state.job && !state.isSending && !isLarge);
  clearTimeout(storing);
  storing = setTimeout(storeNow, 400);
}

async function storeNow() {
  clearTimeout(storing);
  const current = storing;
  await remember({
    source: state.source ?? unopened?.source, mask: state.source ? host.mask?.snapshot() : unopened?.mask, verb: verb(), prompt: el("prompt").value, negative: el("negative").value, style: el("style").value,
    job: state.job, jobs: [...state.jobs],
    request: { presets: settings.chosen, settings: settings.values(), model: settings.model?.value, pictures: settings.count?.value ?? 1 },
    view: { scale: view.scale, x: view.x, y: view.y, isFitted: view.isFitted }, extent: view.extent,
  });
  if (storing === current) storing = 0;
}
// What was done in the last moment before a page is closed or left is kept, too.
document.addEventListener("visibilitychange", () => { if (document.hidden && storing) storeNow(); });

async function restore() {
  const kept = await recall();
  if (!kept) return;
  el("prompt").value = kept.prompt ?? "";
  el("negative").value = kept.negative ?? "";
  el("style").value = kept.style ?? "";
  [state.job, state.jobs] = [kept.job ?? null, new Map(kept.jobs)];
  if (kept.source) {
    try {
      await ask("GET", `/api/v1/pictures/${kept.source.id}/info`);
      await setSource(kept.source, kept.mask?.tiles && Mask.from(kept.mask));
      if (kept.view.isFitted) view.fit();
      else Object.assign(view, kept.view);
      view.redraw();
    } catch (error) {
      if (error.status === 404) await forget();
      else {
        // It may be there when the page is opened again.
        unopened = kept;
        complain(`Your picture could not be opened: ${error.message}. Reload the page to try again.`);
      }
    }
  }
  setVerb(kept.verb ?? "inpaint");
  settings.recall(kept.request);
  if (state.source && verb() === "outpaint") for (const side of sides) edge.set(side, kept.extent?.[side] ?? 0);
  for (const [id] of [...state.jobs]) await meet(id);
}

// Wiring

toolButtons(make, setTool);
setTool("brush");
document.querySelectorAll("[data-do]").forEach((button) => button.addEventListener("click", () => act[button.dataset.do]()));
el("size").addEventListener("input", () => setRadius(radiusOf(Number(el("size").value))));
el("hardness").addEventListener("input", () => setHardness(el("hardness").value));
toolOptions(host);
el("show-mask").addEventListener("click", () => showMask(view.hidesMask));
resultTools(view, () => state.result, say, complain);
finishing(() => state.job, complain);
el("use-result").addEventListener("click", useResult);
el("remove").addEventListener("click", async () => { state.removes = true; try { await run(); } finally { state.removes = false; } });
el("plan-button").addEventListener("click", () => plan(order, complain, fail));
el("reset").addEventListener("click", () => settings.reset());
el("panel").addEventListener("submit", (e) => { e.preventDefault(); run(); });
el("run").addEventListener("click", (e) => {
  if (!state.job) return;
  e.preventDefault();
  // Enter in a field clicks the button, too, and the second click of two is no cancel.
  const isMeant = e.detail > 0 || document.activeElement === el("run");
  if (isMeant && performance.now() - state.began > 500) cancel();
});
document.querySelectorAll("input[name=verb]").forEach((input) => input.addEventListener("change", () => setVerb(input.value)));
for (const id of ["prompt", "negative", "style"]) el(id).addEventListener("input", store);
plans.look = (made, body) => look(view, made, body);
intake(openFile, openMask, () => Boolean(state.source));
keyboard(act, view, pointers);

setRadius(20);
await Promise.all([settings.load(), loadStyles()]);
await presetPictures(settings);
await restore();
gallery.refresh();
listen((name, data) => {
  if (name === "queue") queue.show(data);
  if (name === "job") takeJob(data);
  if (name === "progress") { queue.progress(data); takeProgress(data); }
}, (isConnected) => {
  el("connection").textContent = isConnected ? "connected" : "not connected; trying again";
  // What is as it should be need not be seen.
  el("connection").classList.toggle("hidden-text", isConnected);
  if (!isConnected) return;
  // What happened meanwhile was not heard of.
  for (const id of state.jobs.keys()) meet(id);
  ask("GET", "/api/v1/queue").then((now) => queue.show(now), () => {});
  gallery.refresh();
});
document.documentElement.dataset.ready = "true";

// For tests of the page: what the mask holds, and the matrix.
window.gesso = {
  mask: () => host.mask && { hash: host.mask.hash(), count: host.mask.count(), bounds: host.mask.bounds(), width: host.mask.width, height: host.mask.height },
  used: () => view.used && { bounds: boundsOf(view.used), parts: view.parts },
  at: (x, y) => host.mask?.values[y * host.mask.width + x],
  place: (x, y) => { const r = el("canvas").getBoundingClientRect(); const p = view.place(x, y); return { x: p.x + r.left, y: p.y + r.top }; },
  point: (x, y) => view.point({ clientX: x, clientY: y }),
  view: () => ({ scale: view.scale, x: view.x, y: view.y, extent: { ...view.extent } }),
  address: (path) => address(path).href,
  isKept: () => !storing,
};
