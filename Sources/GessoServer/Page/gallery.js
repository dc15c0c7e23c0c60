// The gallery: results, newest first, and a way back for those that were deleted.

import { ask, show, shown } from "./api.js";
import { make } from "./panels.js";

const el = (id) => document.getElementById(id);

/** Results that are asked for at once. */
const page = 40;
/** For so many milliseconds a deleted result keeps its place, with the offer to bring it back. */
const regret = 30000;

export class Gallery {
  constructor(use, say) {
    this.use = use;
    this.say = say;
    /** By id: the result, its node, and when it was deleted. */
    this.rows = new Map();
    this.work = Promise.resolve();
    el("gallery-more").addEventListener("click", () => this.more());
    el("gallery-search").addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), 250);
    });
    el("gallery-star").addEventListener("change", () => this.search());
    el("gallery").addEventListener("click", (e) => this.click(e));
    el("gallery").addEventListener("keydown", (e) => this.key(e));
    /** Pictures that could not be fetched; they are tried again with the next list. */
    this.failed = new Set();
    // A picture is fetched once it comes near, and so is the next page.
    this.near = new IntersectionObserver((entries) => {
      for (const { target } of entries.filter((e) => e.isIntersecting)) {
        this.near.unobserve(target);
        shown(target.dataset.src).then((src) => show(target, "src", src), () => this.failed.add(target));
      }
    }, { rootMargin: "300px" });
    this.end = new IntersectionObserver((entries) => {
      if (entries.at(-1).isIntersecting && this.rows.size) this.more();
    }, { rootMargin: "600px" });
  }

  /** Adds what is new; the rest stays as it is. */
  refresh() { return this.after(() => this.load()); }
  /** Shows what fits the search. */
  search() { return this.after(() => this.load({ isNew: true })); }
  /** Adds older ones. */
  more() { return this.after(() => this.load({ before: Math.min(...this.rows.keys()) })); }

  /** One thing after the other, so that no late answer undoes a newer one. */
  after(task) {
    this.work = this.work.then(task).catch((error) => this.say(error.message));
    return this.work;
  }

  async load({ before, isNew = false } = {}) {
    if (before === Infinity) return;
    for (const image of this.failed) this.near.observe(image);
    this.failed.clear();
    const query = new URLSearchParams({ limit: page, q: el("gallery-search").value });
    if (el("gallery-star").checked) query.set("star", "1");
    if (before !== undefined) query.set("before", before);
    const { items } = await ask("GET", `/api/v1/gallery?${query}`);
    const isLast = items.length < page;
    const found = new Set(items.map((item) => item.id));
    // The answer holds all there is down to its last one. Where it touches nothing that is shown, there
    // is a gap behind it, and what is older is asked for again.
    const isTouching = items.some((item) => this.rows.has(item.id));
    const end = before === undefined && (isNew || isLast || !isTouching) ? -Infinity : items.at(-1)?.id ?? -Infinity;
    for (const [id, row] of this.rows) {
      if (id < end || id >= (before ?? Infinity) || found.has(id)) continue;
      if (!row.deleted || Date.now() - row.deleted > regret) this.remove(id);
    }
    for (const item of items) {
      if (!this.rows.has(item.id)) this.rows.set(item.id, { item, node: this.card(item), deleted: null });
    }
    this.arrange();
    // A first page without a gap says nothing of what is below the rows that are shown already.
    if (before !== undefined || end === -Infinity) {
      const more = el("gallery-more");
      more.hidden = isLast;
      // Looked at anew, for it may still be in sight.
      this.end.unobserve(more);
      this.end.observe(more);
    }
    el("gallery-none").hidden = this.rows.size > 0;
    el("gallery-none").textContent = el("gallery-search").value || el("gallery-star").checked
      ? "No result fits the search." : "What you make is kept here.";
  }

  /** Brings the nodes in order and moves only those that are out of it: a moved one loses the focus. */
  arrange() {
    const list = el("gallery");
    let next = list.firstElementChild;
    for (const id of [...this.rows.keys()].sort((a, b) => b - a)) {
      const { node } = this.rows.get(id);
      if (node === next) next = next.nextElementSibling;
      else list.insertBefore(node, next);
    }
  }

  remove(id) {
    const { node } = this.rows.get(id);
    const image = node.querySelector("img");
    if (image) this.near.unobserve(image);
    this.failed.delete(image);
    if (image?.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    node.remove();
    this.rows.delete(id);
  }

  card(item) {
    const name = item.request?.settings.prompt || "without a prompt";
    const image = make("img", { alt: `Result: ${name}`, width: 200, height: 150, "data-src": `${item.url}?max=256` });
    image.addEventListener("error", () => this.failed.add(image));
    this.near.observe(image);
    const button = (text, what) => make("button", { type: "button", textContent: text, "data-what": what, "aria-label": `${text}: ${name}` });
    const star = button(item.star ? "Starred" : "Star", "star");
    star.setAttribute("aria-pressed", item.star);
    const open = make("button", { type: "button", className: "open", "data-what": "open", "aria-label": `Open the result: ${name}` }, image);
    return make("li", { "data-id": item.id }, open,
      make("p", { textContent: name, title: item.infotext }),
      make("p", { className: "hint", textContent: `${item.width}×${item.height}, seed ${item.seed}` }),
      make("div", { className: "buttons" }, star, button("Use all", "all"), button("Use seed", "seed"),
        button("As picture", "source"), button("Download", "download"), button("Delete", "delete")));
  }

  async click(event) {
    const button = event.target.closest("[data-what]");
    const node = event.target.closest("li");
    if (button && node) await this.act(button.dataset.what, Number(node.dataset.id));
  }

  async act(what, id) {
    const row = this.rows.get(id);
    if (!row || row.deleted) return;
    try {
      if (what === "star") await this.star(row);
      else if (what === "delete") await this.delete(row);
      else if (what === "download") await this.download(row.item);
      else await this.use(what, row.item);
    } catch (error) { this.say(error.message); }
  }

  async star({ item, node }) {
    item.star = (await ask("PATCH", `/api/v1/gallery/${item.id}`, { star: !item.star })).star;
    const button = node.querySelector("[data-what=star]");
    button.textContent = item.star ? "Starred" : "Star";
    button.setAttribute("aria-pressed", item.star);
  }

  async download(item) {
    const link = make("a", { href: await shown(`${item.url}?download=1`), download: `gesso-${item.seed}.${item.request?.format ?? "png"}` });
    link.click();
    setTimeout(() => show(link, "href", ""), 10000);
  }

  async delete(row) {
    // It is marked first: a list that arrives meanwhile does not hold it any more.
    row.deleted = Date.now();
    try {
      await ask("DELETE", `/api/v1/gallery/${row.item.id}`);
    } catch (error) {
      row.deleted = null;
      throw error;
    }
    const kept = [...row.node.children];
    const undo = make("button", { type: "button", textContent: "Undo delete" });
    row.node.replaceChildren(make("p", { textContent: "Deleted." }), undo);
    undo.focus();
    undo.addEventListener("click", async () => {
      try {
        await ask("PATCH", `/api/v1/gallery/${row.item.id}`, { deleted: false });
        row.deleted = null;
        row.node.replaceChildren(...kept);
        row.node.querySelector(".open").focus();
      } catch (error) { this.say(error.message); }
    });
  }

  key(event) {
    const node = event.target.closest("li");
    if (!node) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const next = step > 0 ? node.nextElementSibling : node.previousElementSibling;
      next?.querySelector("button")?.focus();
      event.preventDefault();
    }
    if (event.key === "Delete") this.act("delete", Number(node.dataset.id));
    if (event.key === ".") this.act("star", Number(node.dataset.id));
  }
}
