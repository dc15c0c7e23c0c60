// A ControlNet that steers: which one, what of the photo it reads, and how strongly.

import { ask } from "./api.js";

const kinds = {
  "": "What its name says", canny: "Edges", "soft-edge": "Soft edges", "line-art": "Lines",
  scribble: "Strokes", blur: "The photo, blurred", tile: "The photo", grid: "Squares of colour",
  invert: "The photo, inverted", threshold: "Black and white", surroundings: "What is not masked",
};

/**
 * The row of the setting `control`, and the input that holds its text; null where no network is here.
 *
 * `make` makes an element, and `changed` is called when something else is chosen.
 */
export async function controlRow(make, changed) {
  const titles = (await ask("GET", "/controlnet/model_list")).model_list.slice(1);
  if (!titles.length) return null;
  const options = (entries) => entries.map(([value, text]) => make("option", { value, textContent: text }));
  const names = titles.map((title) => title.replace(/ \[[0-9a-f]+\]$/, ""));
  const net = make("select", { id: "control-net" }, ...options([["", "None"], ...names.map((name) => [name, name])]));
  const reads = make("select", { "aria-label": "What the ControlNet reads" }, ...options(Object.entries(kinds)));
  const weight = make("input", { type: "number", min: 0, max: 2, step: 0.05, value: 1, "aria-label": "Weight of the ControlNet" });
  const input = make("input", { type: "hidden", id: "key-control" });
  const show = () => { reads.hidden = weight.hidden = !net.value; };
  const write = () => {
    input.value = net.value && `${net.value}${reads.value && `=${reads.value}`}:${weight.value || 1}`;
    show();
    changed();
  };
  for (const part of [net, reads, weight]) part.addEventListener("input", write);
  // What is set from elsewhere is shown as a slider's value is.
  input.slider = {
    set value(text) {
      const [, name = "", kind = "", factor = "1"] = /^([^=:;]*)(?:=([^:;]*))?(?::([\d.]+))?$/.exec(text) ?? [];
      [net.value, reads.value, weight.value] = [name, kind, factor];
      show();
    },
  };
  show();
  const row = make("div", { className: "field wide" },
    make("label", { htmlFor: net.id, textContent: "ControlNet" }), net, reads, weight, input);
  row.dataset.key = "control";
  return { input, row };
}
