// Earlier prompts, by Alt and the arrow keys.

const el = (id) => document.getElementById(id);
let prompts = JSON.parse(localStorage.getItem("gesso-prompts") ?? "[]");
let at = 0;

export function notePrompt(text) {
  prompts = [text, ...prompts.filter((p) => p !== text)].slice(0, 50);
  at = 0;
  localStorage.setItem("gesso-prompts", JSON.stringify(prompts));
}
el("prompt").addEventListener("keydown", (e) => {
  if (!e.altKey || (e.key !== "ArrowUp" && e.key !== "ArrowDown")) return;
  e.preventDefault();
  at = Math.min(Math.max(at + (e.key === "ArrowUp" ? 1 : -1), 0), prompts.length - 1);
  el("prompt").value = prompts[at] ?? el("prompt").value;
});
