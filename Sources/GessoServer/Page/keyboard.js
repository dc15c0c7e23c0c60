// What pressed keys do.

import { keyOf, meaning, written } from "./keys.js";

const el = (id) => document.getElementById(id);

/** Joins the keys to what can be done by them. */
export function keyboard(act, view, pointers) {
  document.addEventListener("keydown", (event) => {
    const isText = event.target.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])");
    const isOnCanvas = event.target === el("canvas");
    if (document.querySelector("dialog[open]")) return;
    const name = meaning(event, isOnCanvas);
    if (isText && name !== "run") return;
    if (name === "original") {
      view.showsOriginal = true;
      view.redraw();
      event.preventDefault();
      return;
    }
    if (name && act[name]) {
      event.preventDefault();
      act[name]();
      return;
    }
    if (event.key === "Escape" && pointers.cancel()) return;
    if (!isOnCanvas) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      pointers.isSpace = true;
      event.preventDefault();
    } else if (event.key === "Enter") {
      pointers.dot(event);
      event.preventDefault();
    } else if (steps[event.key]) {
      pointers.step(...steps[event.key], event.shiftKey);
      event.preventDefault();
    }
  });
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") pointers.isSpace = false;
    if (view.showsOriginal && written(event).endsWith(keyOf("original").at(-1))) {
      view.showsOriginal = false;
      view.redraw();
    }
  });
  window.addEventListener("blur", () => {
    pointers.isSpace = false;
    view.showsOriginal = false;
    view.redraw();
  });
}
