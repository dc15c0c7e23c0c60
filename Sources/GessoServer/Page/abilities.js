// What the chosen checkpoint cannot do is greyed, with the reason beside it.

const el = (id) => document.getElementById(id);
const verbs = () => [...document.querySelectorAll("input[name=verb]")];

/** Why an edit is refused: by the chosen checkpoint, or by all there are. */
function refusal(verb, chosen, models) {
  if (chosen) return chosen.cannot[verb];
  const reasons = models.map((model) => model.cannot[verb]);
  return reasons.length && reasons.every(Boolean) ? `No checkpoint here does this. ${reasons[0]}` : undefined;
}

/** Greys edits, and the negative prompt where no guidance uses it; goes on to an edit that is left. */
export function showAbilities(chosen, models, guidance) {
  const reasons = new Set();
  for (const radio of verbs()) {
    const reason = refusal(radio.value, chosen, models);
    radio.disabled = Boolean(reason);
    radio.parentElement.title = reason ?? "";
    if (reason) reasons.add(`${radio.parentElement.textContent.trim()}: ${reason}.`);
    radio.toggleAttribute("aria-describedby", false);
    if (reason) radio.setAttribute("aria-describedby", "cannot");
  }
  el("cannot").textContent = [...reasons].join(" ");
  el("cannot").hidden = reasons.size === 0;
  const isIdle = guidance <= 1;
  el("negative").disabled = isIdle;
  el("negative-idle").hidden = !isIdle;
  if (verbs().find((radio) => radio.checked)?.disabled) verbs().find((radio) => !radio.disabled)?.click();
}
