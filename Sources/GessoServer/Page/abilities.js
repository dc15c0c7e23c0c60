// What the chosen checkpoint cannot do is greyed, with the reason; what none here can do is not shown.

const el = (id) => document.getElementById(id);

/** Greys edits, and the negative prompt where no guidance uses it; goes on to an edit that is left. */
export function showAbilities(chosen, models, guidance) {
  const radios = [...document.querySelectorAll("input[name=verb]")];
  const reasons = new Set();
  for (const radio of radios) {
    const label = radio.parentElement;
    const reason = chosen?.cannot[radio.value];
    label.hidden = models.length > 0 && models.every((model) => model.cannot[radio.value]);
    radio.disabled = label.hidden || Boolean(reason);
    label.title = reason ?? "";
    if (reason && !label.hidden) {
      reasons.add(reason);
      radio.setAttribute("aria-describedby", "cannot");
    } else radio.removeAttribute("aria-describedby");
  }
  el("cannot").textContent = [...reasons].map((reason) => `${reason}.`).join(" ");
  el("cannot").hidden = reasons.size === 0;
  const isIdle = guidance <= 1;
  el("negative").disabled = isIdle;
  el("negative-idle").hidden = !isIdle;
  if (radios.find((radio) => radio.checked)?.disabled) radios.find((radio) => !radio.disabled)?.click();
}
