// Smart select: the server finds the border of what a box holds.

import { bytes } from "./api.js";

/** Adds what a box of the picture holds to the mask, or takes it away. */
export async function select(host, source, box, subtracts) {
  const mask = host.mask;
  host.view.redrawMask();
  const found = await bytes("/api/v1/mask/select", "POST", { source, box: box.map(Math.round) });
  const values = new Uint8Array(await found.arrayBuffer());
  // Another picture may have been opened meanwhile.
  if (mask !== host.mask) return;
  mask.begin("select");
  mask.combine(values, subtracts);
  mask.end();
  host.painted();
}
