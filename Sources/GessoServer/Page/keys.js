// Keys and their list. Single letters count only while the picture has the focus.

const standard = {
  brush: "b", eraser: "e", rectangle: "r", ellipse: "o", lasso: "l", polygon: "p", fill: "f", select: "s", pan: "h", smaller: "[",
  larger: "]", softer: "{", harder: "}", undo: "Ctrl+z", redo: "Ctrl+Shift+z", clear: "Shift+c", invert: "Shift+i",
  fit: "0", actual: "1", double: "2", original: "\\", run: "Ctrl+Enter", cancel: "Shift+x",
  open: "Ctrl+o", save: "Ctrl+s", help: "?",
};

export const words = {
  brush: "Brush", eraser: "Eraser", rectangle: "Rectangle", ellipse: "Ellipse", lasso: "Lasso", polygon: "Polygon", fill: "Fill: what a pixel reaches through its colour", select: "Smart select: what a box holds, or strokes mark",
  pan: "Move the view (or hold Space and drag)", smaller: "Smaller brush", larger: "Larger brush", softer: "Softer brush", harder: "Harder brush",
  undo: "Undo", redo: "Redo", clear: "Clear the mask", invert: "Invert the mask",
  fit: "Fit the picture", actual: "Show at 100 %", double: "Show at 200 %",
  original: "Show the original while held", run: "Run", cancel: "Cancel the job",
  open: "Open a picture", save: "Save the result", help: "List of keys",
};

export const fixed = [
  ["Arrow keys, Shift for larger steps", "move the crosshair"], ["Space with arrow keys", "paint along"],
  ["Enter", "paint a dot, or set a corner of a polygon; there again, close it"], [", and .", "smaller and larger brush, for keyboards without brackets"], ["Ctrl+0", "fit the picture"], ["Esc", "drop an unfinished shape"], ["Alt with a shape", "take away"],
  ["Right button, pen's eraser", "erase"], ["Wheel", "zoom at the pointer"],
  ["Alt+Up, Alt+Down in the prompt", "earlier prompts"],
];

let map = { ...standard, ...JSON.parse(localStorage.getItem("gesso-keys") ?? "{}") };

export const keyOf = (name) => map[name];

export function setKey(name, key) {
  const other = Object.keys(map).find((n) => n !== name && map[n] === key);
  if (other) return words[other];
  map[name] = key;
  localStorage.setItem("gesso-keys", JSON.stringify(map));
  return null;
}

export function resetKeys() {
  map = { ...standard };
  localStorage.removeItem("gesso-keys");
}

/** How an event's keys are written; brackets and digits by their place, too. */
export function written(event) {
  const places = { BracketLeft: "[", BracketRight: "]", Backslash: "\\", Digit0: "0", Digit1: "1", Digit2: "2" };
  let key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.altKey && places[event.code] && !"[]{}\\012".includes(key)) key = places[event.code];
  if (event.shiftKey && (key === "[" || key === "]")) key = key === "[" ? "{" : "}";
  const isSign = key.length === 1 && !/[a-z0-9]/.test(key);
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.shiftKey && !isSign ? "Shift+" : "") + key;
}

/** What an event asks for; null for nothing. */
export function meaning(event, isOnCanvas) {
  const key = written(event);
  if (key === "Ctrl+y") return "redo";
  const others = { "Ctrl+0": "fit", ",": "smaller", ".": "larger" };
  if (isOnCanvas && others[key] && !Object.values(map).includes(key)) return others[key];
  const name = Object.keys(map).find((n) => map[n] === key);
  if (!name) return null;
  const isFree = key.startsWith("Ctrl+") || isOnCanvas || name === "help";
  return isFree ? name : null;
}
