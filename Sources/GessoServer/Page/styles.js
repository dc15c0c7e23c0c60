// Styles of prompts, as the server has them in its styles.csv.

import { ask } from "./api.js";
import { make } from "./panels.js";

const el = (id) => document.getElementById(id);
let styles = [];

/** Fills the list of styles, which is shown where there are some. */
export async function loadStyles() {
  styles = await ask("GET", "/sdapi/v1/prompt-styles");
  el("style").append(...styles.map((style) => make("option", { value: style.name, textContent: style.name })));
  el("style-label").hidden = styles.length === 0;
}

function joined(text, words) {
  if (words.includes("{prompt}")) return words.replaceAll("{prompt}", text);
  return [text, words].filter(Boolean).join(", ");
}

/** The prompts with the words of the chosen style around them. */
export function styled(prompt, negative) {
  const style = styles.find((one) => one.name === el("style").value);
  if (!style || !(prompt || style.prompt)) return { prompt, negative };
  return { prompt: joined(prompt, style.prompt), negative: joined(negative, style.negative_prompt) };
}
