// Keeps the work in this browser, so that a closed page opens as it was.

import { unique } from "./api.js";

function store(mode, work) {
  return new Promise((resolve) => {
    const opening = indexedDB.open("gesso", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("work");
    opening.onerror = () => resolve(null);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("work", mode);
      const request = work(transaction.objectStore("work"));
      transaction.oncomplete = () => { opening.result.close(); resolve(request.result ?? null); };
      transaction.onerror = () => { opening.result.close(); resolve(null); };
    };
  });
}

// Each tab has work of its own; a new one begins with the newest there is.
const tab = sessionStorage.getItem("gesso-tab") ?? unique();
sessionStorage.setItem("gesso-tab", tab);
/** The tabs whose work is kept. */
const most = 8;

export const remember = (value) => store("readwrite", (s) => s.put({ ...value, at: Date.now() }, tab));
export const forget = () => store("readwrite", (s) => s.delete(tab));

export async function recall() {
  const [keys, kept] = [await store("readonly", (s) => s.getAllKeys()), await store("readonly", (s) => s.getAll())];
  if (!keys?.length || keys.length !== kept?.length) return null;
  const order = keys.map((key, index) => ({ key, work: kept[index] })).sort((a, b) => (b.work.at ?? 0) - (a.work.at ?? 0));
  for (const { key } of order.slice(most)) if (key !== tab) await store("readwrite", (s) => s.delete(key));
  return (order.find(({ key }) => key === tab) ?? order[0]).work;
}
