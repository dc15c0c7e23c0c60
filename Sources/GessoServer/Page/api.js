// Speaks with the server: requests with the token, pictures, and the stream of events.

let token = sessionStorage.getItem("gesso-token") ?? "";
const asked = new URLSearchParams(location.hash.slice(1)).get("token");
if (asked) {
  token = asked;
  sessionStorage.setItem("gesso-token", token);
  history.replaceState(null, "", location.pathname);
}

let askForToken = async () => "";
/** Says how a token is asked for: a function that resolves with it. */
export function onLogin(ask) { askForToken = ask; }

const base = new URL(".", location.href);
export const address = (path) => new URL(path.replace(/^\//, ""), base);

export class Refused extends Error {
  constructor(status, message, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

/** How a token may be shown: a user's name and password, where the server has them, are one, too. */
const proofs = () => (token.includes(":") ? [`Basic ${btoa(token)}`, `Bearer ${token}`] : [token && `Bearer ${token}`]);

async function send(path, options = {}) {
  for (;;) {
    for (const proof of proofs()) {
      const headers = new Headers(options.headers);
      if (proof) headers.set("Authorization", proof);
      // The browser is not to ask for a name and a password of its own accord.
      const response = await fetch(address(path), { ...options, headers, cache: "no-store", credentials: "omit" })
        .catch(() => { throw new Refused(0, "The server does not answer: is gesso serve running?"); });
      if (response.status !== 401) return response;
    }
    token = await askForToken();
    sessionStorage.setItem("gesso-token", token);
  }
}

/** A JSON answer; `Refused` with the server's words for anything else. */
export async function ask(method, path, body, headers = {}) {
  const options = { method, headers: { ...headers } };
  if (body instanceof Blob) {
    options.body = body;
    options.headers["Content-Type"] = body.type || "application/octet-stream";
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  const response = await send(path, options);
  const text = await response.text();
  let value = null;
  try { value = JSON.parse(text); } catch { /* Not JSON: the status says enough. */ }
  if (response.ok) return value;
  const error = value?.error ?? {};
  throw new Refused(response.status, error.message ?? value?.detail ?? `The server answers ${response.status}`, error.field);
}

/** The bytes of an answer. */
export async function bytes(path, method = "GET", body) {
  const options = body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await send(path, options);
  if (!response.ok) throw new Refused(response.status, `The server answers ${response.status}`);
  return response.blob();
}

/** An address that an <img> can show; with a token the bytes are fetched first. */
export async function shown(path) {
  return token ? URL.createObjectURL(await bytes(path)) : address(path).href;
}

/** Has an element show what `shown` gave, and lets go of what it showed before. */
export function show(node, name, source) {
  if (node[name].startsWith("blob:")) URL.revokeObjectURL(node[name]);
  node[name] = source;
}

export async function picture(path) {
  return createImageBitmap(await bytes(path));
}

/** A name that is used once; secure contexts only have randomUUID. */
export function unique() {
  const values = crypto.getRandomValues(new Uint32Array(4));
  return [...values].map((v) => v.toString(16).padStart(8, "0")).join("");
}

/** Reads events for ever, and begins again after a break where it left off. */
export async function listen(take, connected) {
  let last = "";
  for (;;) {
    try {
      const response = await send("/api/v1/events", { headers: last ? { "Last-Event-ID": last } : {} });
      if (!response.ok) throw new Error(`${response.status}`);
      connected(true);
      let rest = "";
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const parts = rest.split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const fields = Object.fromEntries(part.split("\n").filter((line) => !line.startsWith(":"))
            .map((line) => { const i = line.indexOf(": "); return [line.slice(0, i), line.slice(i + 2)]; }));
          if (fields.id) last = fields.id;
          if (fields.data) take(fields.event, JSON.parse(fields.data));
        }
      }
    } catch { /* The server is gone for now. */ }
    connected(false);
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}
