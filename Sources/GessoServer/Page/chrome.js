// What lies around the work: tabs, light and dark, the token.

import { logIn, onLogin, takeToken } from "./api.js";

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
// The token

const login = el("login");
function askForToken(isWrong) {
  if (login.open) return;
  login.returnValue = "";
  login.showModal();
  if (!isWrong) return;
  el("token-message").textContent = "The server does not take this token. Copy the one that it printed when it was started last.";
  el("token").setAttribute("aria-invalid", "true");
  el("token").select();
}
onLogin(askForToken);
// Nothing can be done without a token, so Escape does not close the question.
login.addEventListener("cancel", (e) => e.preventDefault());
login.addEventListener("close", () => { if (login.returnValue !== "given") askForToken(); });
const closeLogin = () => {
  el("token-message").textContent = "";
  el("token").removeAttribute("aria-invalid");
  login.close("given");
};
el("login-form").addEventListener("submit", (e) => {
  e.preventDefault();
  closeLogin();
  logIn(el("token").value.trim());
});
// An address with a token, opened in this tab, logs in as one that is typed.
window.addEventListener("hashchange", () => { if (takeToken() && login.open) closeLogin(); });
