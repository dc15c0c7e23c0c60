// The settings and the queue.

import { ask } from "./api.js";
import { showAbilities } from "./abilities.js";
import { controlRow } from "./control.js";
import { sides } from "./extend.js";

const el = (id) => document.getElementById(id);

/** An element with properties, attributes (names with a dash or `role`) and children. */
export function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in node && !key.includes("-")) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Hands bytes to the browser as a download. */
export function saveBlob(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** The settings shown at once and those folded away; each is for the verbs that have its key. */
const shownKeys = ["strength", "steps", "seed"];
const hiddenKeys = [
  "guidance_scale", "scheduler", "sigmas", "region", "mask_padding", "mask_feather", "mask_blur",
  "mask_grow", "mask_mode", "fill", "blend", "match_color", "overlap", "width", "height", "clip_skip",
  "strip_metadata",
];
const names = {
  strength: "Strength", steps: "Steps", seed: "Seed", guidance_scale: "Guidance scale",
  scheduler: "Scheduler", sigmas: "Noise levels", region: "Work on", mask_padding: "Padding",
  mask_feather: "Feather", mask_blur: "Blur", mask_grow: "Grow the mask", mask_mode: "Soft masks", fill: "Fill first",
  blend: "Join by", match_color: "Match colours", overlap: "Overlap", width: "Width",
  height: "Height", clip_skip: "Clip skip", strip_metadata: "Leave out metadata",
};
const ranges = { strength: [0, 1, 0.01], mask_feather: [0, 128, 1], mask_blur: [0, 64, 1], mask_grow: [-64, 64, 1], mask_padding: [0, 256, 1] };

/** Whether a model is one of those that come with the program. */
const isSmall = (name) => name.startsWith("gesso-builtin");

export class Settings {
  constructor(changed) {
    this.changed = changed;
    this.keys = new Map();
    this.presets = [];
    this.inputs = new Map();
    this.verb = "inpaint";
    this.preset = null;
    /** What an earlier request said beyond the fields: settings, and presets after the first. */
    this.extra = {};
    this.further = [];
    el("extra-drop").addEventListener("click", () => { this.keep({}, []); this.changed(); });
  }

  async load() {
    const [keys, presets, models] = await Promise.all(
      ["keys", "presets", "models"].map((name) => ask("GET", `/api/v1/${name}`)));
    for (const key of keys.items) this.keys.set(key.name, key);
    this.presets = presets.items;
    const select = make("select", { id: "model" }, make("option", { value: "", textContent: "The one that fits" }),
      ...models.items.map((m) => make("option", { value: m.name, textContent: isSmall(m.name) ? `${m.name} (drawn landscapes only)` : m.name })));
    this.models = models.items;
    this.model = select;
    const count = make("input", { id: "pictures", type: "number", min: 1, max: 64, value: 1 });
    this.count = count;
    el("fields").append(...shownKeys.map((name) => this.field(name)).filter(Boolean));
    el("more").append(this.row("Model", select), this.row("Pictures", count),
      ...hiddenKeys.map((name) => this.field(name)).filter(Boolean));
    const control = await controlRow(make, () => { this.mark(); this.changed(); });
    if (control) {
      this.inputs.set("control", control);
      el("more").append(control.row);
    }
    select.addEventListener("change", () => { this.mark(); this.changed(); });
    count.addEventListener("change", () => this.changed());
    el("preset").addEventListener("change", () => this.usePreset(el("preset").value));
    this.setVerb(this.verb);
  }

  row(label, input) {
    return make("div", { className: "field" }, make("label", { htmlFor: input.id, textContent: label }), input);
  }

  field(name) {
    const key = this.keys.get(name);
    if (!key) return null;
    const id = `key-${name}`;
    const range = ranges[name];
    let input;
    if (name === "seed") {
      input = make("input", { id, type: "text", inputMode: "numeric", placeholder: "drawn" });
    } else if (key.expected === "true or false") {
      input = make("input", { id, type: "checkbox" });
    } else if (key.choices.length && name !== "fill") {
      input = make("select", { id }, ...key.choices.map((c) => make("option", { value: c, textContent: c })));
    } else if (name === "fill") {
      input = make("select", { id }, ...key.choices.filter((c) => !c.startsWith("color")).map((c) => make("option", { value: c, textContent: c })));
    } else {
      input = make("input", { id, type: "number", step: range?.[2] ?? "any", min: range?.[0] ?? "", max: range?.[1] ?? "" });
    }
    const row = this.row(names[name] ?? name, input);
    row.dataset.key = name;
    row.title = key.help;
    if (range) {
      const slider = make("input", { type: "range", min: range[0], max: range[1], step: range[2], "aria-label": names[name] });
      slider.addEventListener("input", () => { input.value = slider.value; this.mark(); this.changed(); });
      input.addEventListener("input", () => { slider.value = input.value; });
      row.append(slider);
      input.slider = slider;
    }
    input.addEventListener("input", () => { this.mark(); this.changed(); });
    this.inputs.set(name, { input, row });
    return row;
  }

  /** Keeps what no field shows, and says so. */
  keep(extra, further) {
    [this.extra, this.further] = [extra, further];
    const parts = [...further.map((name) => `preset ${name}`), ...Object.entries(extra).map(([name, value]) => `${name} ${value}`)];
    el("extra").hidden = parts.length === 0;
    el("extra-text").textContent = `And: ${parts.join(", ")}`;
  }

  /** The names of the presets, in their order. */
  get chosen() { return [...(this.preset ? [this.preset.name] : []), ...this.further]; }

  /** The value that holds where nothing is said: the preset's, else the verb's. */
  standard(name) {
    return this.preset?.settings[name] ?? this.keys.get(name)?.defaults[this.verb] ?? "";
  }

  read(input) { return input.type === "checkbox" ? String(input.checked) : input.value.trim(); }

  write(name, value) {
    const entry = this.inputs.get(name);
    if (!entry) return;
    if (entry.input.type === "checkbox") entry.input.checked = value === "true";
    else entry.input.value = value || (entry.input.tagName === "SELECT" ? "default" : "");
    if (entry.input.slider) entry.input.slider.value = entry.input.value;
  }

  setVerb(verb) {
    const changed = this.values();
    this.verb = verb;
    for (const [name, { row }] of this.inputs) {
      row.hidden = !(verb in this.keys.get(name).defaults) || (name === "control" && verb === "txt2img");
      this.write(name, changed[name] ?? this.standard(name));
    }
    const fitting = this.presets.filter((p) => p.verbs.includes(verb));
    const select = el("preset");
    select.replaceChildren(make("option", { value: "", textContent: "None" }),
      ...fitting.map((p) => make("option", { value: p.name, textContent: p.name.replaceAll("-", " ") })));
    if (this.preset && !fitting.includes(this.preset)) this.usePreset("");
    else select.value = this.preset?.name ?? "";
    this.mark();
  }

  usePreset(name) {
    const changed = this.values();
    this.preset = this.presets.find((p) => p.name === name) ?? null;
    this.keep(this.extra, []);
    el("preset").value = this.preset ? name : "";
    el("preset-text").textContent = this.preset?.summary ?? "";
    for (const key of this.inputs.keys()) this.write(key, changed[key] ?? this.standard(key));
    this.mark();
    this.changed();
  }

  reset() {
    this.usePreset("");
    this.keep({}, []);
    for (const name of this.inputs.keys()) this.write(name, this.standard(name));
    this.model.value = "";
    this.count.value = 1;
    this.mark();
    this.changed();
  }

  mark() {
    this.onPreset?.(this.preset);
    const name = this.model.value || this.models[0]?.name || "";
    el("model-note").hidden = !isSmall(name) || this.standard("steps") === "0";
    for (const [name, { input, row }] of this.inputs) {
      row.classList.toggle("changed", !row.hidden && this.read(input) !== (this.standard(name) || (input.tagName === "SELECT" ? "default" : input.type === "checkbox" ? "false" : "")));
    }
    const chosen = this.models.find((model) => model.name === this.model.value);
    const own = this.values().guidance_scale ?? chosen?.guidanceScale ?? this.standard("guidance_scale");
    showAbilities(chosen, this.models, own === "" ? Infinity : Number(own));
  }

  /** The first field that holds what is no number, which reads as empty. */
  get unread() {
    const fields = [...this.inputs].map(([name, { input, row }]) => ({ name, input, row }));
    return fields.find(({ input, row }) => !row.hidden && input.validity?.badInput);
  }

  /** What differs from the standard. */
  values() {
    const values = { ...this.extra };
    for (const [name, { input, row }] of this.inputs) {
      const value = this.read(input);
      if (!row.hidden && row.classList.contains("changed") && value !== "") values[name] = value;
    }
    return values;
  }

  /** Shows the settings of an earlier request. */
  recall(request, only) {
    if (!only) this.preset = this.presets.find((p) => p.name === request.presets[0]) ?? null;
    const settings = request.settings;
    for (const name of this.inputs.keys()) {
      if (only && !only.includes(name)) continue;
      this.write(name, settings[name] ?? this.standard(name));
    }
    if (!only) {
      this.model.value = request.model ?? "";
      this.count.value = request.pictures;
      el("preset").value = this.preset?.name ?? "";
      const shown = ["prompt", "negative_prompt", ...sides];
      const extra = Object.entries(settings).filter(([name]) => !this.inputs.has(name) && !shown.includes(name));
      this.keep(Object.fromEntries(extra), request.presets.slice(this.preset ? 1 : 0));
    }
    this.mark();
  }
}

export class Queue {
  constructor(say) {
    this.say = say;
    this.jobs = [];
    this.isPaused = false;
    el("queue-pause").addEventListener("click", () => this.act(this.isPaused ? "resume" : "pause"));
    el("queue-clear").addEventListener("click", () => this.act("clear"));
    el("queue").addEventListener("click", (e) => this.click(e));
    this.finished = [];
    /** By id: the number of a job's last state that was heard of. */
    this.known = new Map();
  }

  async act(name) {
    try { this.show(await ask("POST", `/api/v1/queue/${name}`)); } catch (error) { this.say(error.message); }
  }

  show(document) {
    this.jobs = document.jobs.filter((job) => job.seq >= (this.known.get(job.id) ?? 0));
    this.isPaused = document.paused;
    el("queue-pause").textContent = this.isPaused ? "Resume" : "Pause";
    el("queue-reason").textContent = this.isPaused ? `Paused: ${document.reason ?? ""}` : "";
    this.draw();
  }

  /** Takes a job's state; false for one that is older than what is known. */
  take(job) {
    if (job.seq < (this.known.get(job.id) ?? 0)) return false;
    this.known.set(job.id, job.seq);
    const at = this.jobs.findIndex((j) => j.id === job.id);
    const isOpen = job.state === "queued" || job.state === "running";
    if (isOpen) at < 0 ? this.jobs.push(job) : (this.jobs[at] = job);
    else if (at >= 0) this.jobs.splice(at, 1);
    if (job.state === "failed" || job.state === "cancelled") {
      this.finished = [job, ...this.finished.filter((j) => j.id !== job.id)].slice(0, 20);
    }
    this.draw();
    return true;
  }

  /** How far the running job is, in whatever tab it was begun. */
  progress(now) {
    const node = document.querySelector(`#queue [data-progress="${now.job}"]`);
    if (node) node.textContent = `${Math.floor(100 * now.fraction)} %`;
  }

  draw() {
    el("queue-count").textContent = this.jobs.length ? `(${this.jobs.length})` : "";
    const button = (text, what, job) => make("button", { type: "button", textContent: text, "data-what": what, "data-job": job.id, "aria-label": `${text}: ${job.prompt || job.id.slice(0, 8)}` });
    const row = (job) => {
      const text = `${job.state}: ${job.request?.verb ?? ""} ${job.prompt ? `“${job.prompt.slice(0, 80)}”` : ""}${job.error ? ` – ${job.error}` : ""}`;
      const item = make("li", {}, make("span", { className: "what", textContent: text }));
      if (job.state === "running") item.append(make("span", { className: "hint", "data-progress": job.id }));
      if (job.state === "queued") item.append(button("Up", "up", job), button("Down", "down", job));
      if (job.state === "queued" || job.state === "running") item.append(button("Cancel", "cancel", job));
      else item.append(button("Retry", "retry", job));
      return item;
    };
    el("queue").replaceChildren(...this.jobs.map(row), ...this.finished.map(row));
  }

  async click(event) {
    const { what, job } = event.target.dataset;
    if (!what) return;
    const waiting = this.jobs.filter((j) => j.state === "queued");
    const at = waiting.findIndex((j) => j.id === job);
    try {
      if (what === "cancel") await ask("DELETE", `/api/v1/jobs/${job}`);
      if (what === "retry") {
        await ask("POST", `/api/v1/jobs/${job}/retry`);
        this.finished = this.finished.filter((j) => j.id !== job);
      }
      if (what === "up" && at > 0) await ask("PATCH", `/api/v1/jobs/${job}`, { before: waiting[at - 1].id });
      if (what === "down" && at + 1 < waiting.length) await ask("PATCH", `/api/v1/jobs/${waiting[at + 1].id}`, { before: job });
    } catch (error) { this.say(error.message); }
  }
}
