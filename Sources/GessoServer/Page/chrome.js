// What lies around the work: tabs, light and dark, the token.

import { onLogin } from "./api.js";

const el = (id) => document.getElementById(id);

const tabs = ["gallery", "queue"];
for (const name of tabs) {
  const show = (chosen) => tabs.forEach((tab) => {
    el(`tab-${tab}`).setAttribute("aria-selected", tab === chosen);
    el(`tab-${tab}`).tabIndex = tab === chosen ? 0 : -1;
    el(`${tab}-box`).hidden = tab !== chosen;
  });
  el(`tab-${name}`).addEventListener("click", () => show(name));
  el(`tab-${name}`).addEventListener("keydown", (e) => {
    if (e.key !== "ArrowRight" && e.key !== "ArrowLeft") return;
    const other = tabs.find((tab) => tab !== name);
    show(other);
    el(`tab-${other}`).focus();
  });
}
// On a narrow screen what runs lies over the end of the page, which makes room for it.
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--foot", `${el("foot").offsetHeight}px`);
}).observe(el("foot"));

function setTheme(name) {
  const isDark = name ? name === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (name) document.documentElement.dataset.theme = name;
  el("theme").setAttribute("aria-pressed", isDark);
}
el("theme").addEventListener("click", () => {
  const name = el("theme").getAttribute("aria-pressed") === "true" ? "light" : "dark";
  localStorage.setItem("gesso-theme", name);
  setTheme(name);
});
setTheme(localStorage.getItem("gesso-theme"));
const askForToken = () => { if (!el("login").open) el("login").showModal(); };
// Nothing can be done without a token, so Escape does not close the question.
el("login").addEventListener("cancel", (e) => e.preventDefault());
el("login").addEventListener("close", () => { if (el("login").returnValue !== "given") askForToken(); });
onLogin(() => new Promise((resolve) => {
  el("login").returnValue = "";
  askForToken();
  el("login-form").addEventListener("submit", () => {
    el("login").returnValue = "given";
    resolve(el("token").value.trim());
  }, { once: true });
}));
