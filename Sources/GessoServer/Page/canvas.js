// The view: picture and mask on two canvases of the viewport's size, zoomed and moved by one matrix.

export class View {
  constructor(viewport, below, above) {
    this.viewport = viewport;
    this.below = below;
    this.above = above;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.ratio = 1;
    this.picture = null;
    this.size = { w: 0, h: 0 };
    this.result = null;
    this.mask = null;
    this.extent = { left: 0, top: 0, right: 0, bottom: 0 };
    this.compare = 0;
    // How a result is shown: `slider` over the picture, `beside` it, or its `difference`.
    this.mode = "slider";
    // The mask as a job would use it, and the parts that it would work on; nothing until they are known.
    this.used = null;
    this.parts = [];
    this.showsOriginal = false;
    this.color = [255, 40, 40];
    this.opacity = 0.5;
    this.cursor = null;
    this.shape = null;
    // While a result is looked at, the mask would cover it.
    this.hidesMask = false;
    // Whether the picture fills the viewport; then it does so after a change of size, too.
    this.isFitted = false;
    this.moved = () => {};
    this.wanted = { picture: true, mask: true };
    new ResizeObserver((entries) => this.resize(entries[0])).observe(viewport);
  }

  resize(entry) {
    const box = entry?.devicePixelContentBoxSize?.[0];
    const rect = this.viewport.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    const width = box ? box.inlineSize : Math.round(rect.width * ratio);
    const height = box ? box.blockSize : Math.round(rect.height * ratio);
    // Of the canvas itself: a browser that scales the page may give it other pixels than the screen's.
    this.ratio = rect.width ? width / rect.width : ratio;
    const first = this.above.width === 300 && this.above.height === 150;
    for (const canvas of [this.below, this.above]) [canvas.width, canvas.height] = [width, height];
    if ((first || this.isFitted) && this.size.w) this.fit();
    this.redraw();
  }

  /** The viewport's size in CSS pixels. */
  get room() {
    const rect = this.viewport.getBoundingClientRect();
    return { w: rect.width, h: rect.height };
  }

  /** The point of the picture under a pointer, from the layout as it is now. */
  point(event) {
    const rect = this.above.getBoundingClientRect();
    return this.inverse(event.clientX - rect.left, event.clientY - rect.top);
  }

  inverse(x, y) { return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale }; }
  place(x, y) { return { x: x * this.scale + this.x, y: y * this.scale + this.y }; }

  /** The canvas with what is added to it. */
  get whole() {
    const { left, top, right, bottom } = this.extent;
    return { x: -left, y: -top, w: this.size.w + left + right, h: this.size.h + top + bottom };
  }

  get isBeside() { return this.mode === "beside" && Boolean(this.result); }
  /** Between two pictures side by side. */
  get gap() { return Math.ceil(this.whole.w / 50); }

  fit() {
    const { w, h } = this.room;
    const all = this.whole;
    if (this.isBeside) all.w = 2 * all.w + this.gap;
    if (!all.w || !w) return;
    this.scale = Math.min((w - 48) / all.w, (h - 48) / all.h, 32);
    this.scale = Math.max(this.scale, 0.02);
    this.x = (w - all.w * this.scale) / 2 - all.x * this.scale;
    this.y = (h - all.h * this.scale) / 2 - all.y * this.scale;
    this.isFitted = true;
    this.redraw();
  }

  /** Zooms so that the point of the viewport stays where it is. */
  zoom(factor, x = this.room.w / 2, y = this.room.h / 2) {
    const scale = Math.min(Math.max(this.scale * factor, 0.02), 32);
    const at = this.inverse(x, y);
    this.isFitted = false;
    this.scale = scale;
    this.x = x - at.x * scale;
    this.y = y - at.y * scale;
    this.redraw();
  }

  zoomTo(scale) { this.zoom(scale / this.scale); }

  pan(dx, dy) {
    this.isFitted = false;
    this.x += dx;
    this.y += dy;
    this.redraw();
  }

  redraw() {
    this.wanted.picture = true;
    this.wanted.mask = true;
    this.schedule();
  }

  redrawMask() {
    this.wanted.mask = true;
    this.schedule();
  }

  schedule() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.wanted.picture) this.drawPicture();
      if (this.wanted.mask) this.drawMask();
      if (this.wanted.picture) this.moved();
      this.wanted = { picture: false, mask: false };
    });
  }

  drawPicture() {
    const c = this.below.getContext("2d");
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.below.width, this.below.height);
    if (!this.size.w) return;
    c.setTransform(this.ratio * this.scale, 0, 0, this.ratio * this.scale, this.ratio * this.x, this.ratio * this.y);
    c.imageSmoothingEnabled = this.scale < 2;
    const all = this.whole;
    const grows = all.w !== this.size.w || all.h !== this.size.h;
    if (grows) this.hatch(c, all);
    if (this.picture) c.drawImage(this.picture, 0, 0, this.size.w, this.size.h);
    const result = this.result;
    if (result && !this.showsOriginal) {
      if (this.mode === "slider") this.drawCut(c, result);
      else if (this.isBeside) c.drawImage(result.image, result.box.x + all.w + this.gap, result.box.y, result.box.w, result.box.h);
      else this.drawDifference(c, result);
    }
    c.lineWidth = 1 / this.scale;
    c.strokeStyle = "#000";
    c.strokeRect(all.x, all.y, all.w, all.h);
  }

  /** The result right of the slider; that of an extension lies around the picture. */
  drawCut(c, { image, box }) {
    c.save();
    c.beginPath();
    const cut = box.x + box.w * this.compare;
    c.rect(cut, box.y, box.x + box.w - cut, box.h);
    c.clip();
    c.drawImage(image, box.x, box.y, box.w, box.h);
    c.restore();
    if (this.compare > 0 && this.compare < 1) {
      c.fillStyle = "#fff";
      c.fillRect(cut - 1 / this.scale, box.y, 2 / this.scale, box.h);
    }
  }

  /** What differs, eight times as strong. */
  drawDifference(c, { image, box }) {
    c.save();
    c.globalCompositeOperation = "difference";
    c.drawImage(image, box.x, box.y, box.w, box.h);
    c.globalCompositeOperation = "lighter";
    c.setTransform(1, 0, 0, 1, 0, 0);
    for (let i = 0; i < 3; i++) c.drawImage(this.below, 0, 0);
    c.restore();
  }

  hatch(c, all) {
    c.save();
    c.fillStyle = "#8a8a8a";
    c.fillRect(all.x, all.y, all.w, all.h);
    c.beginPath();
    c.rect(all.x, all.y, all.w, all.h);
    c.clip();
    c.strokeStyle = "#d8d8d8";
    c.lineWidth = 2 / this.scale;
    const gap = 14 / this.scale;
    c.beginPath();
    for (let d = -all.h; d < all.w; d += gap) {
      c.moveTo(all.x + d, all.y);
      c.lineTo(all.x + d + all.h, all.y + all.h);
    }
    c.stroke();
    c.restore();
  }

  drawMask() {
    const c = this.above.getContext("2d");
    const { width, height } = this.above;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, width, height);
    if (this.mask && !this.showsOriginal && !this.hidesMask) this.drawOverlay(c, width, height);
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (this.mask && !this.hidesMask) this.drawParts(c);
    if (this.shape) this.drawShape(c);
    if (this.cursor) this.drawCursor(c);
  }

  /** Colour where the mask is white, and an edge of black and white that shows on any picture. */
  drawOverlay(c, width, height) {
    const { ratio, scale } = this;
    const mask = this.used ?? this.mask;
    const step = 1 / (scale * ratio);
    const [x0, y0] = [-this.x / scale, -this.y / scale];
    const left = Math.max(0, Math.floor(-x0 / step));
    const top = Math.max(0, Math.floor(-y0 / step));
    const right = Math.min(width, Math.ceil((mask.width - x0) / step));
    const bottom = Math.min(height, Math.ceil((mask.height - y0) / step));
    if (left >= right || top >= bottom) return;
    const image = new ImageData(right - left, bottom - top);
    const pixels = new Uint32Array(image.data.buffer);
    const [r, g, b] = this.color;
    const strength = Math.round(this.opacity * 255);
    const columns = new Int32Array(right - left);
    for (let i = 0; i < columns.length; i++) {
      columns[i] = Math.min(mask.width - 1, Math.max(0, Math.floor(x0 + (left + i + 0.5) * step)));
    }
    let above = null;
    for (let y = top; y < bottom; y++) {
      const row = Math.min(mask.height - 1, Math.max(0, Math.floor(y0 + (y + 0.5) * step)));
      const start = row * mask.width;
      const line = new Uint8Array(right - left);
      const out = (y - top) * (right - left);
      for (let i = 0; i < line.length; i++) {
        const value = mask.values[start + columns[i]];
        line[i] = value > 127 ? 1 : 0;
        const isEdge = (i > 0 && line[i] !== line[i - 1]) || (above && above[i] !== line[i]);
        if (isEdge) {
          pixels[out + i] = ((left + i + y) >> 2) & 1 ? 0xffffffff : 0xff000000;
        } else if (value) {
          pixels[out + i] = (((strength * value) / 255) << 24 | b << 16 | g << 8 | r) >>> 0;
        }
      }
      above = line;
    }
    c.putImageData(image, left, top);
  }

  /** The parts that a job would work on, each with its size in pixels. */
  drawParts(c) {
    c.font = "12px system-ui, sans-serif";
    for (const box of this.parts) {
      const at = this.place(box.x, box.y);
      for (const [color, dash] of [["#000", []], ["#fff", [8, 4]]]) {
        c.strokeStyle = color;
        c.setLineDash(dash);
        c.lineWidth = 1;
        c.strokeRect(at.x, at.y, box.width * this.scale, box.height * this.scale);
      }
      const text = `${box.width}×${box.height}`;
      c.fillStyle = "#000";
      c.fillRect(at.x, at.y - 16, c.measureText(text).width + 8, 16);
      c.fillStyle = "#fff";
      c.fillText(text, at.x + 4, at.y - 4);
    }
    c.setLineDash([]);
  }

  drawCursor(c) {
    const { x, y, radius, isCross } = this.cursor;
    const at = this.place(x, y);
    const r = Math.max(radius * this.scale, 2);
    for (const [color, width] of [["#000", 3], ["#fff", 1.2]]) {
      c.strokeStyle = color;
      c.lineWidth = width;
      c.beginPath();
      c.arc(at.x, at.y, r, 0, 2 * Math.PI);
      if (isCross || r < 4) {
        c.moveTo(at.x - 8, at.y);
        c.lineTo(at.x + 8, at.y);
        c.moveTo(at.x, at.y - 8);
        c.lineTo(at.x, at.y + 8);
      }
      c.stroke();
    }
  }

  drawShape(c) {
    const { kind, points } = this.shape;
    const places = points.map((p) => this.place(p.x, p.y));
    c.beginPath();
    if (kind === "rectangle" || kind === "select" || kind === "ellipse") {
      const [a, b] = [places[0], places.at(-1)];
      if (kind !== "ellipse") c.rect(a.x, a.y, b.x - a.x, b.y - a.y);
      else c.ellipse((a.x + b.x) / 2, (a.y + b.y) / 2, Math.abs(b.x - a.x) / 2, Math.abs(b.y - a.y) / 2, 0, 0, 2 * Math.PI);
    } else {
      places.forEach((p, i) => (i ? c.lineTo(p.x, p.y) : c.moveTo(p.x, p.y)));
    }
    for (const [color, dash] of [["#000", []], ["#fff", [5, 5]]]) {
      c.strokeStyle = color;
      c.setLineDash(dash);
      c.lineWidth = 1.5;
      c.stroke();
    }
    c.setLineDash([]);
  }
}
