// Extending the picture: its edges are dragged, moved by keys or given as numbers.

const el = (id) => document.getElementById(id);
export const sides = ["left", "right", "top", "bottom"];

/** `isShown()` says whether there is an edge to drag. */
export function edges(view, isShown) {
  function readSides() {
    for (const side of sides) view.extent[side] = Math.min(Math.max(Math.round(Number(el(`side-${side}`).value) || 0), 0), 16384);
    showSides();
  }

  function setSide(side, pixels) {
    view.extent[side] = Math.min(Math.max(Math.round(pixels), 0), 16384);
    el(`side-${side}`).value = view.extent[side];
    showSides();
  }

  function showSides() {
    const all = view.whole;
    el("sides-text").textContent = view.size.w ? `${view.size.w}×${view.size.h} becomes ${all.w}×${all.h}` : "";
    view.redraw();
  }

  function placeEdges() {
    const isVisible = isShown();
    const all = view.whole;
    const middle = { left: [all.x, all.y + all.h / 2], right: [all.x + all.w, all.y + all.h / 2], top: [all.x + all.w / 2, all.y], bottom: [all.x + all.w / 2, all.y + all.h] };
    for (const side of sides) {
      const button = el(`edge-${side}`);
      button.hidden = !isVisible;
      const at = view.place(...middle[side]);
      button.style.left = `${at.x}px`;
      button.style.top = `${at.y}px`;
      button.textContent = { left: "←", right: "→", top: "↑", bottom: "↓" }[side];
      button.setAttribute("aria-label", `Extend ${side}: ${view.extent[side]} pixels; arrow keys change it`);
    }
  }
  view.moved = placeEdges;

  for (const side of sides) {
    const button = el(`edge-${side}`);
    const sign = side === "left" || side === "top" ? -1 : 1;
    button.addEventListener("pointerdown", (e) => {
      e.preventDefault();
      button.focus();
      button.setPointerCapture(e.pointerId);
      const from = view.point(e);
      const before = view.extent[side];
      const move = (now) => {
        const p = view.point(now);
        setSide(side, before + sign * (side === "left" || side === "right" ? p.x - from.x : p.y - from.y));
      };
      button.addEventListener("pointermove", move);
      button.addEventListener("lostpointercapture", () => button.removeEventListener("pointermove", move), { once: true });
    });
    button.addEventListener("keydown", (e) => {
      const outward = { left: "ArrowLeft", right: "ArrowRight", top: "ArrowUp", bottom: "ArrowDown" }[side];
      const inward = { left: "ArrowRight", right: "ArrowLeft", top: "ArrowDown", bottom: "ArrowUp" }[side];
      if (e.key !== outward && e.key !== inward) return;
      e.preventDefault();
      setSide(side, view.extent[side] + (e.key === outward ? 1 : -1) * (e.shiftKey ? 64 : 8));
    });
    el(`side-${side}`).addEventListener("input", readSides);
  }
  el("aspect").addEventListener("change", () => {
    const [a, b] = el("aspect").value.split(":").map(Number);
    if (!a || !view.size.w) return;
    const { w, h } = view.size;
    const wide = Math.max(0, Math.ceil((h * a) / b) - w);
    const tall = Math.max(0, Math.ceil((w * b) / a) - h);
    setSide("left", Math.floor(wide / 2));
    setSide("right", Math.ceil(wide / 2));
    setSide("top", Math.floor(tall / 2));
    setSide("bottom", Math.ceil(tall / 2));
  });

  return { read: readSides, set: setSide };
}
