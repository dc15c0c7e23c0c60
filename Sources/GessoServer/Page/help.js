// The list of keys, which can be searched and changed.

import { fixed, keyOf, resetKeys, setKey, words, written } from "./keys.js";
import { make } from "./panels.js";

const el = (id) => document.getElementById(id);

export function showHelp() {
  const search = el("help-search").value.toLowerCase();
  const rows = Object.keys(words).filter((n) => words[n].toLowerCase().includes(search)).map((name) => {
    const button = make("button", { type: "button", textContent: "Change", "aria-label": `Change the key of ${words[name]}` });
    button.addEventListener("click", () => changeKey(name, button));
    return make("tr", {}, make("td", { textContent: words[name] }), make("td", {}, make("kbd", { textContent: keyOf(name) })), make("td", {}, button));
  });
  const more = fixed.filter(([, does]) => does.includes(search)).map(([key, does]) =>
    make("tr", {}, make("td", { textContent: does }), make("td", { textContent: key }), make("td")));
  el("help-list").replaceChildren(...rows, ...more);
  if (!el("help").open) el("help").showModal();
}

function changeKey(name, button) {
  button.textContent = "Press a key";
  button.addEventListener("keydown", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return changeKey(name, button);
    if (event.key !== "Escape") {
      const other = setKey(name, written(event));
      el("help-message").textContent = other ? `That key is taken: ${other}` : "";
    }
    showHelp();
  }, { once: true });
}

el("help-open").addEventListener("click", showHelp);
el("help-search").addEventListener("input", showHelp);
el("help-close").addEventListener("click", () => el("help").close());
el("keys-reset").addEventListener("click", () => { resetKeys(); showHelp(); });
