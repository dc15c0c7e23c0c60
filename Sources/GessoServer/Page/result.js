// Looking at a result beside the picture, and taking it elsewhere.

import { bytes } from "./api.js";

const el = (id) => document.getElementById(id);
const all = ["compare-label", "compare-mode-label", "use-result", "save-result"];

/** What is shown while there is a result. */
export function showResultTools(isShown, type) {
  for (const id of all) el(id).hidden = !isShown;
  // Browsers take PNG only, and from secure pages only.
  el("copy-result").hidden = !isShown || type !== "image/png" || !navigator.clipboard?.write;
}

/** Joins what compares a picture with its result; `result` gives the result, nothing while there is none. */
export function resultTools(view, result, say, complain) {
  el("compare").addEventListener("input", () => { view.compare = el("compare").value / 100; view.redraw(); });
  el("compare-mode").addEventListener("change", () => {
    view.mode = el("compare-mode").value;
    el("compare").disabled = view.mode !== "slider";
    if (view.mode === "difference") say("Differences are shown eight times as strong");
    view.fit();
  });
  el("copy-result").addEventListener("click", async () => {
    try {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": bytes(result().url) })]);
      say("Copied");
    } catch { complain("This browser does not let the page copy pictures: save the result instead."); }
  });
}
