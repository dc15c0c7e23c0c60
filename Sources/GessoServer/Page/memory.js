// Keeps the work in this browser, so that a closed page opens as it was.

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

export const remember = (value) => store("readwrite", (s) => s.put(value, "now"));
export const recall = () => store("readonly", (s) => s.get("now"));
export const forget = () => store("readwrite", (s) => s.delete("now"));
