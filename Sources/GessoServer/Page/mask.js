// The mask: an array in the picture's pixels, 255 where it is repainted, with undo by tiles.

const TILE = 256;
const STEPS = 200;
const BYTES = 64 << 20;

/** Values as runs, so that undo steps stay small. */
function packed(values) {
  const runs = [];
  for (let i = 0; i < values.length;) {
    const value = values[i];
    let end = i + 1;
    while (end < values.length && values[end] === value) end++;
    runs.push(end - i, value);
    i = end;
  }
  return Uint32Array.from(runs);
}

function unpacked(runs, length) {
  const values = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < runs.length; i += 2) {
    values.fill(runs[i + 1], at, at + runs[i]);
    at += runs[i];
  }
  return values;
}

/** Raises each value to another one that is higher. */
function raise(values, others) {
  for (let i = 0; i < values.length; i++) if (others[i] > values[i]) values[i] = others[i];
}

/** The highest of `span` values from each of the first `count` on: from blocks of so many, each taken to its end and from its beginning. */
function highest(values, span, count) {
  const result = new Uint8Array(count);
  const ends = values.slice();
  for (let i = values.length - 2; i >= 0; i--) {
    if ((i + 1) % span && ends[i + 1] > ends[i]) ends[i] = ends[i + 1];
  }
  for (let i = 0, ahead = 0; i < count; i++) {
    ahead = i % span ? Math.max(ahead, values[i + span - 1]) : 0;
    result[i] = Math.max(ends[i], ahead);
  }
  return result;
}

export class Mask {
  constructor(width, height, values) {
    this.width = width;
    this.height = height;
    this.values = values ?? new Uint8Array(width * height);
    this.past = [];
    this.future = [];
    this.step = null;
    this.columns = Math.ceil(width / TILE);
    this.tallies = new Array(this.columns * Math.ceil(height / TILE));
    this.changed = () => {};
    if (!values) this.tallies = Array.from(this.tallies, (_, index) => this.empty(index));
  }

  /** The tally of a tile that is black. */
  empty(index) {
    const { w, h } = this.box(index);
    return { runs: Uint32Array.of(w * h, 0), count: 0, isSoft: false, l: Infinity, t: Infinity, r: -1, b: -1 };
  }

  /** The mask that `snapshot` was taken of. */
  static from(snapshot) {
    const mask = new Mask(snapshot.width, snapshot.height);
    snapshot.tiles.forEach((runs, index) => mask.setTile(index, runs));
    return mask;
  }

  /** A copy that takes little room. */
  snapshot() {
    return { width: this.width, height: this.height, tiles: this.tallied().map((t) => t.runs) };
  }

  // Undo

  /** Begins a step; all changes until `end` are undone together. */
  begin(name) { this.step = { name, tiles: new Map() }; }

  end() {
    const step = this.step;
    this.step = null;
    if (!step || step.tiles.size === 0) return;
    this.past.push(step);
    this.future = [];
    this.trim();
  }

  /** Takes back what the step under way has done. */
  abandon() {
    const step = this.step;
    this.step = null;
    if (step) this.swap(step);
  }

  trim() {
    const size = (step) => [...step.tiles.values()].reduce((sum, t) => sum + t.byteLength, 0);
    let sum = this.past.reduce((total, step) => total + size(step), 0);
    while (this.past.length > STEPS || (sum > BYTES && this.past.length > 1)) {
      sum -= size(this.past.shift());
    }
  }

  undo() { return this.move(this.past, this.future); }
  redo() { return this.move(this.future, this.past); }

  move(from, to) {
    const step = from.pop();
    if (!step) return null;
    to.push(this.swap(step));
    return step.name;
  }

  /** Puts a step's tiles back, and returns the step that undoes that. */
  swap(step) {
    const reverse = { name: step.name, tiles: new Map() };
    for (const [index, runs] of step.tiles) {
      reverse.tiles.set(index, packed(this.tile(index)));
      this.setTile(index, runs);
    }
    this.changed(null);
    return reverse;
  }

  box(index) {
    const x = (index % this.columns) * TILE;
    const y = Math.floor(index / this.columns) * TILE;
    return { x, y, w: Math.min(TILE, this.width - x), h: Math.min(TILE, this.height - y) };
  }

  tile(index) {
    const { x, y, w, h } = this.box(index);
    const values = new Uint8Array(w * h);
    for (let row = 0; row < h; row++) {
      const start = (y + row) * this.width + x;
      values.set(this.values.subarray(start, start + w), row * w);
    }
    return values;
  }

  setTile(index, runs) {
    const { x, y, w, h } = this.box(index);
    const values = unpacked(runs, w * h);
    for (let row = 0; row < h; row++) {
      this.values.set(values.subarray(row * w, (row + 1) * w), (y + row) * this.width + x);
    }
    this.tallies[index] = undefined;
  }

  /** Keeps the tiles of a box as they are now, before they change. */
  touch(left, top, right, bottom) {
    for (let ty = Math.floor(top / TILE); ty <= Math.floor((bottom - 1) / TILE); ty++) {
      for (let tx = Math.floor(left / TILE); tx <= Math.floor((right - 1) / TILE); tx++) {
        const index = ty * this.columns + tx;
        this.tallies[index] = undefined;
        if (this.step && !this.step.tiles.has(index)) this.step.tiles.set(index, packed(this.tile(index)));
      }
    }
  }

  /** The part of a box that is inside; null where none is. */
  clipped(left, top, right, bottom) {
    const box = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(top)),
      Math.min(this.width, Math.ceil(right)), Math.min(this.height, Math.ceil(bottom))];
    return box[0] < box[2] && box[1] < box[3] ? box : null;
  }

  /** Sets what `span(y)` gives as [from, to) of every row of a box. */
  fillRows(left, top, right, bottom, value, spans) {
    const box = this.clipped(left, top, right, bottom);
    if (!box) return;
    this.touch(...box);
    for (let y = box[1]; y < box[3]; y++) {
      for (const [from, to] of spans(y)) {
        const a = Math.max(box[0], Math.ceil(from));
        const b = Math.min(box[2], Math.floor(to) + 1);
        if (a < b) this.values.fill(value, y * this.width + a, y * this.width + b);
      }
    }
    this.changed(box);
  }

  // Drawing; a pixel counts by its middle.

  /** All pixels within `radius` of the line from one point to another. */
  capsule(x0, y0, x1, y1, radius, value) {
    const r = Math.max(radius, 0.5);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = Math.hypot(dx, dy);
    const disc = (cx, cy, y) => {
      const h = y - cy;
      if (Math.abs(h) > r) return null;
      const w = Math.sqrt(r * r - h * h);
      return [cx - w, cx + w];
    };
    this.fillRows(Math.min(x0, x1) - r, Math.min(y0, y1) - r, Math.max(x0, x1) + r + 1,
      Math.max(y0, y1) + r + 1, value, (row) => {
        const y = row + 0.5;
        const parts = [disc(x0, y0, y), disc(x1, y1, y)].filter(Boolean);
        if (length > 0) {
          // The rectangle along the line: |across| <= r and 0 <= along <= length.
          let [from, to] = [-Infinity, Infinity];
          const limit = (a, b, low, high) => {
            if (Math.abs(a) < 1e-9) { if (b < low || b > high) [from, to] = [1, 0]; return; }
            const ends = [(low - b) / a, (high - b) / a].sort((p, q) => p - q);
            from = Math.max(from, ends[0]);
            to = Math.min(to, ends[1]);
          };
          limit(dx / length, ((y - y0) * dy - x0 * dx) / length, 0, length);
          limit(-dy / length, ((y - y0) * dx + x0 * dy) / length, -r, r);
          if (from <= to) parts.push([from, to]);
        }
        if (parts.length === 0) return [];
        // The parts touch, so their hull is the capsule's row.
        return [[Math.min(...parts.map((p) => p[0])) - 0.5, Math.max(...parts.map((p) => p[1])) - 0.5]];
      });
  }

  /**
   * A capsule that fades from `hardness`, a share of the radius, to its rim. Painting never lowers a
   * value, erasing never raises one; so the parts of a stroke join.
   */
  softCapsule(x0, y0, x1, y1, radius, value, hardness) {
    if (hardness >= 1 || radius < 1.5) return this.capsule(x0, y0, x1, y1, radius, value);
    const box = this.clipped(Math.min(x0, x1) - radius, Math.min(y0, y1) - radius,
      Math.max(x0, x1) + radius + 1, Math.max(y0, y1) + radius + 1);
    if (!box) return;
    this.touch(...box);
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    const core = radius * hardness;
    for (let y = box[1]; y < box[3]; y++) {
      for (let x = box[0]; x < box[2]; x++) {
        const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
        const t = length > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        const distance = Math.hypot(px - t * dx, py - t * dy);
        if (distance >= radius) continue;
        const part = distance <= core ? 1 : 0.5 + 0.5 * Math.cos((Math.PI * (distance - core)) / (radius - core));
        const at = y * this.width + x;
        const level = Math.round(255 * part);
        this.values[at] = value ? Math.max(this.values[at], level) : Math.min(this.values[at], 255 - level);
      }
    }
    this.changed(box);
  }

  rectangle(x, y, w, h, value) {
    const [l, t, r, b] = [Math.round(x), Math.round(y), Math.round(x + w), Math.round(y + h)];
    this.fillRows(l, t, r, b, value, () => [[l, r - 1]]);
  }

  ellipse(x, y, w, h, value) {
    const [cx, cy, a, b] = [x + w / 2, y + h / 2, Math.abs(w / 2), Math.abs(h / 2)];
    if (a === 0 || b === 0) return;
    this.fillRows(cx - a, cy - b, cx + a + 1, cy + b + 1, value, (row) => {
      const v = (row + 0.5 - cy) / b;
      if (Math.abs(v) > 1) return [];
      const half = a * Math.sqrt(1 - v * v);
      return [[cx - half - 0.5, cx + half - 0.5]];
    });
  }

  /** The inside of a closed line, by the even-odd rule. */
  polygon(points, value) {
    if (points.length < 3) return;
    const xs = points.map((p) => p.x);
    const ys = points.map((p) => p.y);
    this.fillRows(Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1, value, (row) => {
      const y = row + 0.5;
      const cuts = [];
      points.forEach((p, i) => {
        const q = points[(i + 1) % points.length];
        if ((p.y <= y) !== (q.y <= y)) cuts.push(p.x + ((y - p.y) / (q.y - p.y)) * (q.x - p.x));
      });
      cuts.sort((a, b) => a - b);
      const spans = [];
      for (let i = 0; i + 1 < cuts.length; i += 2) spans.push([cuts[i] - 0.5, cuts[i + 1] - 0.5]);
      return spans;
    });
  }

  all(change) {
    this.touch(0, 0, this.width, this.height);
    change(this.values);
    this.changed(null);
  }

  clear() { this.all((v) => v.fill(0)); }
  invert() { this.all((v) => { for (let i = 0; i < v.length; i++) v[i] = 255 - v[i]; }); }
  set(values) { this.all((v) => v.set(values)); }

  /** Combines with other values: adds what is white in them, or takes it away. */
  combine(values, subtracts) {
    this.all((v) => {
      for (let i = 0; i < v.length; i++) {
        v[i] = subtracts ? Math.min(v[i], 255 - values[i]) : Math.max(v[i], values[i]);
      }
    });
  }

  /** Grows the white by a square of `radius`, or shrinks it if that is below 0. */
  grow(radius) {
    const n = Math.abs(radius);
    // To shrink the white is to grow the black.
    const flip = radius > 0 ? 0 : 255;
    const source = this.values.slice();
    const flat = this.tallied().map(({ runs }) => (runs.length === 2 ? runs[1] ^ flip : -1));
    const [rows, reach] = [flat.length / this.columns, Math.ceil(n / TILE)];
    // A tile stays that is full, or like all that it could take from.
    const stays = (tx, ty) => {
      const value = flat[ty * this.columns + tx];
      if (value < 0 || value === 255) return value === 255;
      for (let y = Math.max(0, ty - reach); y <= Math.min(rows - 1, ty + reach); y++) {
        for (let x = Math.max(0, tx - reach); x <= Math.min(this.columns - 1, tx + reach); x++) {
          if (flat[y * this.columns + x] !== value) return false;
        }
      }
      return true;
    };
    for (let ty = 0; ty < rows; ty++) {
      for (let tx = 0; tx < this.columns; tx++) {
        const from = tx;
        while (tx < this.columns && !stays(tx, ty)) tx++;
        if (tx > from) this.growIn(this.clipped(from * TILE, ty * TILE, tx * TILE, (ty + 1) * TILE), source, n, flip);
      }
    }
    this.changed(null);
  }

  /** Gives each pixel of a box the highest value of the square of `source` around it, all values being flipped. */
  growIn(box, source, n, flip) {
    this.touch(...box);
    const [left, top, right, bottom] = box;
    const [span, width] = [2 * n + 1, right - left];
    const [from, to] = [Math.max(0, left - n), Math.min(this.width, right + n)];
    const wide = new Uint8Array(width + 2 * n);
    const row = (y) => {
      if (y < 0 || y >= this.height) return new Uint8Array(width);
      const [first, start] = [from - left + n, y * this.width + from];
      for (let i = 0; i < to - from; i++) wide[first + i] = source[start + i] ^ flip;
      return highest(wide, span, width);
    };
    // Of a block of rows each gets the highest of itself and those below it; what is missing comes from
    // the rows after the block, which are the next block.
    let block = Array.from({ length: span }, (_, i) => row(top - n + i));
    for (let y = top; y < bottom;) {
      for (let i = span - 2; i >= 0; i--) raise(block[i], block[i + 1]);
      const [after, ahead] = [[], new Uint8Array(width)];
      for (let i = 0; i < span && y < bottom; i++, y++) {
        raise(block[i], ahead);
        const start = y * this.width + left;
        for (let x = 0; x < width; x++) this.values[start + x] = block[i][x] ^ flip;
        after.push(row(y + n + 1));
        raise(ahead, after[i]);
      }
      block = after;
    }
  }

  // What it holds

  /** Of each tile its runs, how many pixels are not black, and their bounds; those of changed tiles anew. */
  tallied() {
    for (let index = 0; index < this.tallies.length; index++) {
      this.tallies[index] ??= this.tally(index);
    }
    return this.tallies;
  }

  tally(index) {
    const { x, y, w } = this.box(index);
    const runs = packed(this.tile(index));
    let [count, at] = [0, 0];
    let [l, t, r, b] = [Infinity, Infinity, -1, -1];
    for (let i = 0; i < runs.length; i += 2) {
      const end = at + runs[i] - 1;
      if (runs[i + 1]) {
        count += runs[i];
        const [first, last] = [Math.floor(at / w), Math.floor(end / w)];
        t = Math.min(t, y + first);
        b = Math.max(b, y + last);
        // A run over the end of a row reaches both sides.
        l = Math.min(l, x + (first === last ? at % w : 0));
        r = Math.max(r, x + (first === last ? end % w : w - 1));
      }
      at = end + 1;
    }
    const isSoft = runs.some((value, i) => i % 2 === 1 && value !== 0 && value !== 255);
    return { runs, count, isSoft, l, t, r, b };
  }

  count() { return this.tallied().reduce((sum, tile) => sum + tile.count, 0); }

  /** Whether some pixels are repainted in part. */
  get isSoft() { return this.tallied().some((tile) => tile.isSoft); }

  bounds() {
    let [l, t, r, b] = [Infinity, Infinity, -1, -1];
    for (const tile of this.tallied()) {
      [l, t] = [Math.min(l, tile.l), Math.min(t, tile.t)];
      [r, b] = [Math.max(r, tile.r), Math.max(b, tile.b)];
    }
    return r >= l ? { x: l, y: t, w: r - l + 1, h: b - t + 1 } : null;
  }

  /** A number that differs where the mask does (FNV-1a). */
  hash() {
    let h = 0x811c9dc5;
    for (const v of this.values) h = Math.imul(h ^ v, 0x01000193);
    return h >>> 0;
  }
}
