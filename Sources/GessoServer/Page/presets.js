// Presets with their pictures, which the built-in model drew: one picture holds all, a row for each.

import { ask, shown } from "./api.js";
import { make } from "./panels.js";

const el = (id) => document.getElementById(id);

/** Height of a row, in pixels. */
const height = 88;
let names = [];
let address = "";

/** The picture of a preset; nothing for one that is not shipped. */
function pictureOf(name) {
  const row = names.indexOf(name);
  if (row < 0) return null;
  const image = make("img", { className: "preset-picture", src: address, alt: "" });
  image.style.objectPosition = `0 ${-row * height}px`;
  return image;
}

function entry(settings, preset) {
  const name = preset?.name ?? "";
  const button = make("button", { type: "button", "aria-pressed": String(preset === settings.preset) },
    ...[pictureOf(name)].filter(Boolean),
    make("strong", { textContent: name.replaceAll("-", " ") || "None" }),
    make("span", { className: "hint", textContent: preset?.summary ?? "The settings of the verb" }));
  button.addEventListener("click", () => { settings.usePreset(name); el("presets").close(); });
  return make("li", {}, button);
}

/** Shows the picture of the preset that is chosen, and offers all that fit by theirs. */
export async function presetPictures(settings) {
  [names, address] = await Promise.all([ask("GET", "/page/presets.json"), shown("/page/presets.jpg")]);
  settings.onPreset = (preset) => el("preset-picture").replaceChildren(...[pictureOf(preset?.name)].filter(Boolean));
  settings.onPreset(settings.preset);
  el("presets-open").addEventListener("click", () => {
    const fitting = settings.presets.filter((p) => p.verbs.includes(settings.verb));
    el("presets-list").replaceChildren(...[null, ...fitting].map((p) => entry(settings, p)));
    el("presets").showModal();
  });
  el("presets-close").addEventListener("click", () => el("presets").close());
}
