// Speaks with the server: requests with the token, pictures, and the stream of events.

let token = sessionStorage.getItem("gesso-token") ?? "";

let askForToken = () => {};
/** Says how a token is asked for: by a function that is told whether one was given that is wrong; `logIn` gets the answer. */
export function onLogin(ask) { askForToken = ask; }

/** Those that wait for a token. */
let waiting = [];
export function logIn(given) {
  token = given.replace(/[^!-~]/g, "");
  sessionStorage.setItem("gesso-token", token);
  for (const go of waiting.splice(0)) go();
}

/** Takes the token out of the address; true if there was one. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  history.replaceState(null, "", location.pathname);
  logIn(given);
  return true;
}
takeToken();

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

/** Sends a request; the answer is one of status 401 where the token is wrong. */
async function attempt(path, options = {}) {
  let response;
  for (const proof of proofs()) {
    const headers = new Headers(options.headers);
    if (proof) headers.set("Authorization", proof);
    // The browser is not to ask for a name and a password of its own accord.
    response = await fetch(address(path), { ...options, headers, cache: "no-store", credentials: "omit" })
      .catch(() => { throw new Refused(0, "The server does not answer: is gesso serve running?"); });
    if (response.status !== 401) break;
  }
  return response;
}

/** Sends a request until its token is right. */
async function send(path, options) {
  for (;;) {
    const tried = token;
    const response = await attempt(path, options);
    if (response.status !== 401) return response;
    // Another one may have been given meanwhile.
    if (token !== tried) continue;
    const answer = new Promise((resolve) => { waiting.push(resolve); });
    askForToken(Boolean(token));
    await answer;
  }
}

/** Reads JSON; seeds are texts, for numbers here are exact up to 2^53 only, and seeds have 64 bits. */
const read = (text) => JSON.parse(text.replace(/(?<!\\)"seed":\s*(-?\d+)/g, '"seed":"$1"'));

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
  try { value = read(text); } catch { /* Not JSON: the status says enough. */ }
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

/** Hands on each event of a stream until it ends, or until a signal; false where the token is wrong. */
async function readStream(last, tell, signal) {
  const response = await attempt("/api/v1/events", { signal, headers: last ? { "Last-Event-ID": last } : {} });
  if (response.status === 401) return false;
  if (!response.ok) throw new Error(`${response.status}`);
  tell({ isConnected: true });
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return true;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split("\n").filter((line) => !line.startsWith(":"))
        .map((line) => { const i = line.indexOf(": "); return [line.slice(0, i), line.slice(i + 2)]; }));
      if (fields.data) tell({ last: fields.id, name: fields.event, data: read(fields.data) });
    }
  }
}

/**
 * Takes events for ever, and goes on after a break where it left off.
 *
 * A browser opens six connections to a host, so one tab reads for all; when it is closed, another one reads
 * on. Where a browser has no locks, which is so on pages that are not secure, each tab reads while it is seen.
 */
export async function listen(take, connected) {
  const { locks } = navigator;
  const name = `gesso-events ${base.pathname}`;
  const channel = new BroadcastChannel(name);
  let last = "";
  let isConnected = null;
  let isReading = false;
  const hear = (news) => {
    last = news.last ?? last;
    if (news.name) take(news.name, news.data);
    if (news.isConnected !== undefined) connected(isConnected = news.isConnected);
  };
  const tell = (news) => {
    if (locks) channel.postMessage(news);
    hear(news);
  };
  channel.onmessage = ({ data }) => {
    if (data.isNew && isReading && isConnected !== null) channel.postMessage({ isConnected, last, isAnswer: true });
    // Others know already what a new tab is told.
    if (!data.isNew && !(data.isAnswer && isConnected !== null)) hear(data);
  };
  let breaking;
  document.addEventListener("visibilitychange", () => { if (document.hidden && !locks) breaking?.abort(); });
  const go = async () => {
    isReading = true;
    for (let isRight = true; isRight;) {
      while (document.hidden && !locks) {
        await new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });
      }
      breaking = new AbortController();
      isRight = await readStream(last, tell, breaking.signal).catch(() => true);
      tell({ isConnected: false });
      if (isRight) await new Promise((resolve) => { setTimeout(resolve, 2000); });
    }
    isReading = false;
  };
  if (locks) channel.postMessage({ isNew: true });
  for (;;) {
    await (locks ? locks.request(name, go) : go());
    // Another tab reads while a token is asked for in this one.
    await send("/api/v1/queue").catch(() => {});
  }
}
