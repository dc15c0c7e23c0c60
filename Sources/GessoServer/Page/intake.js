// Pictures and masks come in: by a button, dropped, or pasted.

const el = (id) => document.getElementById(id);

export function intake(openFile, openMask, hasPicture) {
  el("open").addEventListener("click", () => el("file").click());
  el("file").addEventListener("change", () => { if (el("file").files[0]) openFile(el("file").files[0]); el("file").value = ""; });
  el("mask-in").addEventListener("click", () => el("mask-file").click());
  el("mask-file").addEventListener("change", () => { if (el("mask-file").files[0]) openMask(el("mask-file").files[0]); el("mask-file").value = ""; });
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (e) => {
      e.preventDefault();
      const file = e.dataTransfer?.files?.[0];
      if (name !== "drop" || !file) return;
      if (el("toolbar").contains(e.target)) openMask(file);
      else openFile(file);
    });
  }
  document.addEventListener("paste", (e) => {
    const file = [...(e.clipboardData?.files ?? [])].find((f) => f.type.startsWith("image/"));
    if (!file) return;
    e.preventDefault();
    if (!hasPicture()) return openFile(file);
    el("paste").showModal();
    const choose = (id, work) => { el(id).onclick = () => { el("paste").close(); work?.(file); }; };
    choose("paste-picture", openFile);
    choose("paste-mask", openMask);
    choose("paste-cancel");
  });
}
