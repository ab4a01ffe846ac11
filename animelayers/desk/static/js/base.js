// What all pages share: elements without markup, answers of the desk, where one is.

export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else if (key === "style") Object.assign(made.style, value);
    else if (key in made && !key.startsWith("aria") && key !== "list" && key !== "form") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function s(tag, props = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(props)) made.setAttribute(key, value);
  return made;
}

export async function ask(path, body) {
  const how = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(`/api${path}`, how);
  } catch {
    throw new Error("the desk does not answer: was it stopped? Start it again and open its link");
  }
  const told = await answer.json().catch(() => ({ error: `the desk answered with ${answer.status}` }));
  if (!answer.ok) throw new Error(told.error || `the desk answered with ${answer.status}`);
  return told;
}

export const query = (values) => new URLSearchParams(values).toString();
export const out = (name) => `/out/${encodeURIComponent(name)}`;
export const thumb = (name, id, more = {}) => `/api${out(name)}/thumb?${query({ id, ...more })}`;
export const layer = (name, id, which, version = "") => `/api${out(name)}/layer?${query({ id, layer: which, v: version })}`;
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;
export const go = (...parts) => { location.hash = link(...parts); };
export const number = (value, digits = 2) => (typeof value === "number" ? (Number.isInteger(value) ? String(value) : value.toFixed(digits)) : String(value ?? ""));
export const words = (name) => name.replaceAll("_", " ");
export const short = (id) => id.split("/").pop();

let hiding;
export function say(text, bad = false) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.className = `shown${bad ? " bad" : ""}`;
  clearTimeout(hiding);
  hiding = setTimeout(() => { toast.className = ""; }, bad ? 8000 : 3000);
}

export const tried = (work) => async (...given) => {
  try { return await work(...given); } catch (wrong) { say(wrong.message, true); return undefined; }
};

export const later = (work, wait = 200) => {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => work(...given), wait); };
};

// A page gives keys: {key: [what it does, in words, function]}; typing into fields is left alone.
let keys = {};
export const usual = { "?": ["this help", () => help()], g: ["all outputs", () => go()] };
export function bind(map) { keys = map; }
export function help() {
  const rows = Object.entries({ ...keys, ...usual }).flatMap(([key, [what]]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]);
  const box = h("dialog", { "aria-label": "Keyboard shortcuts" }, h("h1", {}, "Keyboard"), h("dl", { class: "keys" }, ...rows), h("button", { class: "main", onclick: () => box.close() }, "Close"));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}
export const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Enter: "Enter" };
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey && !["z", "y"].includes(event.key) || event.metaKey || event.altKey) return;
  const at = event.target;
  if (at.closest?.("input:not([type=range]):not([type=checkbox]), select, textarea, dialog")) return;
  const key = event.ctrlKey ? `Ctrl ${event.key}` : NAMES[event.key] || event.key;
  const found = keys[key] || usual[key];
  if (!found) return;
  if ((key === "Enter" || key === "Space") && at.closest?.("button, a, summary") && !at.closest?.("[data-keys]")) return;
  event.preventDefault();
  found[1](event);
});
