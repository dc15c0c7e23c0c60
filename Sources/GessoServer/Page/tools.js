// What pointers and keys do on the picture: paint, draw shapes, move the view.

export const tools = {
  brush: { name: "Brush", key: "b" },
  eraser: { name: "Eraser", key: "e" },
  rectangle: { name: "Rectangle", key: "r" },
  ellipse: { name: "Ellipse", key: "o" },
  lasso: { name: "Lasso", key: "l" },
  polygon: { name: "Polygon", key: "p" },
  fill: { name: "Fill", key: "f" },
  select: { name: "Smart select", key: "s" },
  pan: { name: "Move", key: "h" },
};

/** The brush's radius in the picture's pixels for a place of the slider, 0...100: 0.5 to 1000. */
export const radiusOf = (place) => 0.5 * 2000 ** (place / 100);
export const placeOf = (radius) => (100 * Math.log(radius / 0.5)) / Math.log(2000);

/** The buttons of the tools: one stop of Tab, in which arrow keys choose. */
export function toolButtons(make, choose) {
  const box = document.getElementById("tools");
  for (const [name, { name: textContent }] of Object.entries(tools)) {
    const button = make("button", { type: "button", role: "radio", textContent, "data-tool": name });
    button.addEventListener("click", () => choose(name));
    box.append(button);
  }
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const buttons = [...box.children];
    const next = buttons.at((buttons.indexOf(event.target) + step) % buttons.length);
    choose(next.dataset.tool);
    next.focus();
  });
}

/** Shows which tool is chosen, and its options. */
export function showTool(name) {
  const el = (id) => document.getElementById(id);
  for (const button of el("tools").children) {
    button.setAttribute("aria-checked", button.dataset.tool === name);
    button.tabIndex = button.dataset.tool === name ? 0 : -1;
  }
  el("canvas").classList.toggle("pan", name === "pan");
  el("selecting").hidden = name !== "select";
  el("tolerance-row").hidden = name !== "fill";
  el("hardness-row").hidden = name !== "brush" && name !== "eraser";
}

/** Joins the options of tools, and how the mask is shown, to what uses them. */
export function toolOptions(host) {
  const el = (id) => document.getElementById(id);
  const { view } = host;
  el("tolerance").addEventListener("input", () => {
    host.tolerance = Number(el("tolerance").value);
    el("tolerance-value").textContent = el("tolerance").value;
  });
  document.querySelectorAll("input[name=selecting]").forEach((input) => input.addEventListener("change", () => { host.selecting = input.value; }));
  el("overlay-color").addEventListener("change", () => { view.color = el("overlay-color").value.split(",").map(Number); view.redrawMask(); });
  el("overlay-opacity").addEventListener("input", () => { view.opacity = el("overlay-opacity").value / 100; view.redrawMask(); });
}

export class Pointers {
  /** `host` has view, mask, tool, radius, and is told by `painted` and `say`. */
  constructor(canvas, host) {
    this.canvas = canvas;
    this.host = host;
    this.pointers = new Map();
    this.stroke = null;
    this.pinch = null;
    this.isSpace = false;
    // When a pen was last seen: a hand that rests beside one does not paint.
    this.pen = -Infinity;
    canvas.addEventListener("pointerdown", (e) => this.down(e));
    canvas.addEventListener("pointermove", (e) => this.move(e));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (e) => this.up(e));
    }
    canvas.addEventListener("pointerleave", () => { if (!this.stroke) this.hideCursor(); });
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
    canvas.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
  }

  down(event) {
    const { host, canvas } = this;
    canvas.focus({ preventScroll: true });
    event.preventDefault();
    if (event.pointerType === "touch" && performance.now() - this.pen < 500) return;
    if (event.pointerType === "pen") this.pen = performance.now();
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, type: event.pointerType });
    try { canvas.setPointerCapture(event.pointerId); } catch { /* It is gone already. */ }
    if (event.pointerType === "touch" && this.pointers.size === 2) return this.beginPinch();
    if (this.pointers.size > 1) return;
    if (!host.mask) return;
    host.begun();
    const pans = host.tool === "pan" || this.isSpace || event.button === 1;
    if (pans) {
      this.stroke = { kind: "pan", id: event.pointerId, x: event.clientX, y: event.clientY };
      return;
    }
    if (event.button > 2 && event.button !== 5) return;
    const erases = event.button === 2 || event.button === 5 || event.buttons === 32;
    const point = host.view.point(event);
    if (host.tool === "polygon") return this.corner(host.view.point(event), event);
    const { paints } = this;
    const subtracts = paints ? erases || host.tool === "eraser" : erases || event.altKey;
    this.stroke = {
      kind: paints ? "paint" : host.tool === "select" && host.selecting !== "box" ? "mark" : host.tool, id: event.pointerId, began: performance.now(),
      value: subtracts ? 0 : 255, last: point, points: [point], length: 0,
    };
    host.mask.begin(subtracts ? "erase" : paints ? "stroke" : host.tool);
    if (paints) this.dab(point, event);
    else this.showShape();
  }

  radius(event) {
    const isPen = event.pointerType === "pen" && event.pressure > 0;
    return this.host.radius * (isPen ? 0.25 + 0.75 * event.pressure : 1);
  }

  dab(point, event) {
    const { stroke, host } = this;
    host.mask.softCapsule(stroke.last.x, stroke.last.y, point.x, point.y, this.radius(event), stroke.value, host.hardness);
    stroke.length += Math.hypot(point.x - stroke.last.x, point.y - stroke.last.y) * host.view.scale;
    stroke.last = point;
  }

  move(event) {
    const { host, stroke } = this;
    const known = this.pointers.get(event.pointerId);
    if (known) [known.x, known.y] = [event.clientX, event.clientY];
    if (event.pointerType === "pen") this.pen = performance.now();
    if (this.pinch) return this.movePinch();
    this.showCursor(event);
    if (stroke?.kind === "polygon") {
      stroke.hover = host.view.point(event);
      return this.showShape();
    }
    if (!stroke || stroke.id !== event.pointerId) return;
    if (stroke.kind === "pan") {
      host.view.pan(event.clientX - stroke.x, event.clientY - stroke.y);
      [stroke.x, stroke.y] = [event.clientX, event.clientY];
      return;
    }
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) {
      const point = host.view.point(part);
      if (stroke.kind === "paint") this.dab(point, part);
      else stroke.points.push(point);
    }
    if (stroke.kind !== "paint") this.showShape();
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId) && this.stroke?.id !== event.pointerId) return;
    if (this.pinch) {
      if (this.pointers.size < 2) this.endPinch();
      return;
    }
    if (this.stroke?.kind !== "polygon" && this.stroke?.id === event.pointerId) this.finish();
  }

  finish() {
    const { stroke, host } = this;
    this.stroke = null;
    host.view.shape = null;
    if (!stroke || stroke.kind === "pan" || !host.mask) return;
    const [a, b] = [stroke.points[0], stroke.points.at(-1)];
    const box = [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y)];
    if (stroke.kind === "rectangle") host.mask.rectangle(...box, stroke.value);
    if (stroke.kind === "ellipse") host.mask.ellipse(...box, stroke.value);
    if (stroke.kind === "lasso") host.mask.polygon(stroke.points, stroke.value);
    if (stroke.kind === "polygon") host.mask.polygon(stroke.points, stroke.value);
    if (stroke.kind === "fill") {
      host.mask.abandon();
      return host.fill(b, stroke.value === 0);
    }
    if (stroke.kind === "select" || stroke.kind === "mark") {
      host.mask.abandon();
      host.view.redrawMask();
      return host.select(stroke.kind === "select" ? box : null, stroke.points, stroke.value === 0);
    }
    host.mask.end();
    host.view.redrawMask();
    host.painted();
  }

  /** A corner of a polygon; one on the first corner, or a double click, closes it. */
  corner(point, event) {
    const { host } = this;
    const near = (p) => Math.hypot(p.x - point.x, p.y - point.y) * host.view.scale < 10;
    if (this.stroke?.kind !== "polygon") {
      const subtracts = event.button === 2 || event.altKey;
      host.mask.begin("polygon");
      this.stroke = {
        kind: "polygon", id: event.pointerId, began: performance.now(), value: subtracts ? 0 : 255,
        points: [point], length: 0,
      };
    } else if (this.stroke.points.length > 2 && (near(this.stroke.points[0]) || near(this.stroke.points.at(-1)))) {
      return this.finish();
    } else if (!near(this.stroke.points.at(-1))) {
      this.stroke.points.push(point);
    }
    this.showShape();
  }

  /** Closes a polygon that has corners enough; false if there is none. */
  close() {
    if (this.stroke?.kind !== "polygon" || this.stroke.points.length < 3) return false;
    this.finish();
    return true;
  }

  /** Drops an unfinished shape or stroke; false if there is none. */
  cancel() {
    if (!this.stroke) return false;
    this.stroke = null;
    this.host.view.shape = null;
    this.host.mask?.abandon();
    this.host.view.redrawMask();
    return true;
  }

  /** Ends what is under way before something else is done to the mask: a stroke stays; true where a shape is dropped. */
  settle() {
    if (this.stroke?.kind !== "paint") return this.stroke?.kind !== "pan" && this.cancel();
    this.finish();
    return false;
  }

  showShape() {
    const { kind, points, hover } = this.stroke;
    this.host.view.shape = { kind, points: hover ? [...points, hover] : points };
    this.host.view.redrawMask();
  }

  showCursor(event) {
    const { host, paints } = this;
    host.view.cursor = event.pointerType === "touch" || !host.mask || host.tool === "pan"
      ? null : { ...host.view.point(event), radius: paints ? host.radius : 0, isCross: !paints };
    host.view.redrawMask();
  }

  hideCursor() {
    this.host.view.cursor = null;
    this.host.view.redrawMask();
  }

  wheel(event) {
    event.preventDefault();
    const rect = this.canvas.getBoundingClientRect();
    const unit = event.deltaMode === 1 ? 16 : 1;
    this.host.view.zoom(2 ** ((-event.deltaY * unit) / 300), event.clientX - rect.left, event.clientY - rect.top);
  }

  // Two fingers

  pair() {
    const rect = this.canvas.getBoundingClientRect();
    const [a, b] = [...this.pointers.values()].filter((p) => p.type === "touch");
    if (!a || !b) return null;
    return { x: (a.x + b.x) / 2 - rect.left, y: (a.y + b.y) / 2 - rect.top, d: Math.hypot(a.x - b.x, a.y - b.y) };
  }

  beginPinch() {
    const { stroke, host } = this;
    if (stroke && stroke.kind !== "pan") {
      // The first finger's dot was not meant as one.
      const isDot = stroke.length < 10 && performance.now() - stroke.began < 150;
      if (isDot || stroke.kind !== "paint") this.cancel();
      else this.finish();
    }
    this.stroke = null;
    host.view.shape = null;
    this.pinch = { ...this.pair(), began: performance.now(), moved: 0 };
  }

  movePinch() {
    const now = this.pair();
    if (!now) return;
    const { pinch, host } = this;
    pinch.moved += Math.hypot(now.x - pinch.x, now.y - pinch.y) + Math.abs(now.d - pinch.d);
    host.view.pan(now.x - pinch.x, now.y - pinch.y);
    if (pinch.d > 0) host.view.zoom(now.d / pinch.d, now.x, now.y);
    Object.assign(pinch, now);
  }

  endPinch() {
    const { pinch, host } = this;
    this.pinch = null;
    this.pointers.clear();
    if (performance.now() - pinch.began < 300 && pinch.moved < 12) host.undo();
  }

  // Painting by keys

  /** Moves the crosshair by shares of the brush, and paints while Space is held. */
  step(dx, dy, isLarge) {
    const { host } = this;
    if (!host.mask) return;
    const at = host.view.cursor ?? { x: host.mask.width / 2, y: host.mask.height / 2 };
    const length = Math.max(1, host.radius * (isLarge ? 2 : 0.2));
    const next = {
      x: Math.min(Math.max(at.x + dx * length, 0), host.mask.width),
      y: Math.min(Math.max(at.y + dy * length, 0), host.mask.height),
    };
    if (this.isSpace && this.paints) this.line(at, next);
    host.view.cursor = { ...next, radius: host.radius, isCross: true, isByKeys: true };
    if (this.stroke?.kind === "polygon") {
      this.stroke.hover = next;
      this.showShape();
    }
    host.view.redrawMask();
  }

  get paints() { return this.host.tool === "brush" || this.host.tool === "eraser"; }

  /** Paints where the crosshair is, or sets a corner there; one on the last corner, or the first, closes. */
  dot(event) {
    const { host } = this;
    const at = host.view.cursor;
    if (host.tool === "polygon" && at?.isByKeys && host.mask) {
      host.begun();
      return this.corner({ x: at.x, y: at.y }, event);
    }
    if (this.close() || !at || !host.mask) return;
    if (this.paints) this.line(at, at);
    else if (host.tool === "fill") host.fill(at, false);
  }

  line(from, to) {
    const { host } = this;
    host.mask.begin("stroke");
    host.mask.softCapsule(from.x, from.y, to.x, to.y, host.radius, host.tool === "eraser" ? 0 : 255, host.hardness);
    host.mask.end();
    host.painted();
  }
}
