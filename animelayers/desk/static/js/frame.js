// One frame large: layers on and off, on a checkerboard or a colour, a slider between two views, down to the pixels.
import { ask, bind, go, h, layer, number, out, query, s, short, words } from "./base.js";
import { neighbours } from "./browse.js";

const NAMES = { background: "Background", shadow: "Shadow", character: "Character", effect: "Effect", mask: "Mask", instances: "Who is who", provenance: "Provenance" };
const MODES = { add: "plus-lighter", screen: "screen", over: "normal", multiply: "multiply" };
const kept = { layers: { background: true, shadow: true, character: true, effect: true, mask: false, instances: false, provenance: false }, ground: "checker", right: "whole", left: "layers", split: null };

export async function frame(main, name, id) {
  const [told, columns, shelf] = await Promise.all([ask(`${out(name)}/frame?${query({ id })}`), ask(`${out(name)}/columns`), ask("/shelf")]);
  const { row } = told;
  const others = shelf.outputs.filter((one) => one.name !== name && one.state !== "damaged").map((one) => one.name);
  const stage = h("div", { class: "stage", tabindex: "0", role: "img", "aria-label": `Frame ${short(id)}`, "data-keys": true });
  const sheet = h("div", { class: "sheet" });
  const handle = h("button", { class: "split", role: "slider", "aria-label": "Split between the two views", "aria-valuemin": 0, "aria-valuemax": 100 });
  const zoomed = h("button", { class: "num", title: "Fit (0)", onclick: () => fit() }, "");
  const width = row.width, height = row.height;
  sheet.style.width = `${width}px`;
  sheet.style.height = `${height}px`;
  const view = { x: 0, y: 0, k: 1 };

  const picture = (which, from = name) => h("img", { src: layer(from, id, which, columns.version), alt: "", draggable: false });
  function half(which) {
    const box = h("div", { class: `half ${kept.ground === "checker" ? "checker" : ""}`, style: kept.ground === "checker" ? {} : { background: kept.ground } });
    if (which === "layers") {
      for (const one of Object.keys(NAMES)) {
        if (!told.layers.includes(one) || !kept.layers[one] || (one === "effect" && told.mode === "none")) continue;
        const img = picture(one);
        if (one === "effect") img.style.mixBlendMode = MODES[told.mode] || "normal";
        if (one === "shadow") img.style.mixBlendMode = "multiply";
        if (["instances", "provenance", "mask"].includes(one) && kept.layers.background) img.style.opacity = 0.6;
        if (one === "instances") img.style.filter = "brightness(60)";
        box.append(img);
      }
    } else if (which.startsWith("output:")) {
      const img = picture("whole", which.slice(7));
      img.addEventListener("error", () => box.append(h("p", { class: "wait" }, "the other output has no such frame")));
      box.append(img);
    } else box.append(picture(which));
    return box;
  }
  function draw() {
    const left = half(kept.left);
    const parts = [left];
    if (kept.split !== null) {
      const right = half(kept.right);
      right.style.clipPath = `inset(0 0 0 ${kept.split * 100}%)`;
      left.style.clipPath = `inset(0 ${100 - kept.split * 100}% 0 0)`;
      parts.push(right);
    }
    sheet.replaceChildren(...parts);
    place();
  }
  function place() {
    sheet.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`;
    sheet.classList.toggle("pixels", view.k >= 2);
    zoomed.textContent = `${Math.round(view.k * 100)} %`;
    handle.hidden = kept.split === null;
    if (kept.split !== null) {
      handle.style.left = `${view.x + kept.split * width * view.k}px`;
      handle.setAttribute("aria-valuenow", Math.round(kept.split * 100));
      const [l, r] = [sheet.children[0], sheet.children[1]];
      if (r) { r.style.clipPath = `inset(0 0 0 ${kept.split * 100}%)`; l.style.clipPath = `inset(0 ${100 - kept.split * 100}% 0 0)`; }
    }
  }
  function fit() {
    const k = Math.min(stage.clientWidth / width, stage.clientHeight / height) * 0.96;
    Object.assign(view, { k, x: (stage.clientWidth - width * k) / 2, y: (stage.clientHeight - height * k) / 2 });
    place();
  }
  function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const k = Math.max(0.05, Math.min(32, view.k * factor));
    view.x = x - (x - view.x) * k / view.k;
    view.y = y - (y - view.y) * k / view.k;
    view.k = k;
    place();
  }
  panned(stage, view, zoom, place);
  handle.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    handle.setPointerCapture(event.pointerId);
    handle.onpointermove = (e) => { const box = stage.getBoundingClientRect(); kept.split = Math.max(0, Math.min(1, (e.clientX - box.left - view.x) / (width * view.k))); place(); };
    handle.onpointerup = () => { handle.onpointermove = null; };
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
    if (step) { event.preventDefault(); event.stopPropagation(); kept.split = Math.max(0, Math.min(1, kept.split + step)); place(); }
  });
  const turn = (left, right) => { kept.left = left; if (right !== undefined) kept.right = right; draw(); panel(); };
  function split(on = kept.split === null) { kept.split = on ? 0.5 : null; draw(); panel(); }

  const choices = () => [["layers", "layers together"], ["whole", "the frame, recomposed"], ...told.layers.map((one) => [one, NAMES[one] || words(one)]), ...others.map((one) => [`output:${one}`, `the frame in ${one}`])];
  const chooser = (label, value, change) => h("label", { class: "row" }, h("span", { class: "dim" }, label), h("select", { onchange: (e) => change(e.target.value) }, ...choices().map(([v, text]) => h("option", { value: v, selected: v === value }, text))));
  const side = h("aside", { class: "side", "aria-label": "About the frame" });
  function panel() {
    const layers = h("section", { class: "layers col" }, h("h2", {}, "Layers"), ...told.layers.filter((one) => NAMES[one]).map((one, at) => h("label", {}, h("input", { type: "checkbox", checked: kept.layers[one], onchange: (e) => { kept.layers[one] = e.target.checked; turn("layers"); } }), NAMES[one], one === "effect" && told.mode !== "none" ? h("span", { class: "dim" }, told.mode) : null, h("span", { class: "grow" }), h("kbd", {}, at + 1))),
      h("div", { class: "row" }, h("span", { class: "dim" }, "on"), ...[["checker", "checkerboard"], ["#000", "black"], ["#fff", "white"], ["#00b140", "green"]].map(([value, text]) => h("button", { "aria-pressed": String(kept.ground === value), onclick: () => { kept.ground = value; draw(); panel(); } }, text))));
    const views = h("section", { class: "col" }, h("h2", {}, "View"), chooser("shows", kept.left, (v) => turn(v)), h("button", { "aria-pressed": String(kept.split !== null), onclick: () => split() }, "Split with a second view"), kept.split !== null && chooser("right", kept.right, (v) => turn(kept.left, v)));
    const shares = ["background_seen", "background_borrowed", "background_invented"].map((one) => row[one]);
    const origin = shares.every((one) => typeof one === "number") ? h("section", { class: "col" }, h("h2", {}, "Where the background is from"), h("div", { class: "share", role: "img", "aria-label": `${Math.round(shares[0] * 100)} % seen, ${Math.round(shares[1] * 100)} % borrowed, ${Math.round(shares[2] * 100)} % invented` }, ...shares.map((one) => h("i", { style: { width: `${one * 100}%` } }))), h("div", { class: "row num" }, h("span", { class: "good" }, `seen ${Math.round(shares[0] * 100)} %`), h("span", { style: { color: "var(--accent)" } }, `borrowed ${Math.round(shares[1] * 100)} %`), h("span", { class: "warm" }, `invented ${Math.round(shares[2] * 100)} %`))) : null;
    let plate = null;
    if (told.plate) {
      const svg = s("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" });
      svg.append(s("polygon", { points: told.plate.corners.map((p) => p.join(",")).join(" ") }));
      plate = h("section", { class: "col" }, h("h2", {}, "On its clean plate"), h("div", { class: "plate" }, h("img", { src: `/api${out(name)}/plate?${query({ id, v: columns.version })}`, alt: "The clean plate of the shot, with the frame's place on it" }), svg));
    }
    const hidden = new Set(["frame_id", "shard", "shard_bytes", "homography", "traits"]);
    const table = h("table", { class: "facts" }, h("tbody", {}, ...Object.entries(row).filter(([key]) => !hidden.has(key) && row[key] !== "").map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, words(key)), h("td", {}, Array.isArray(value) ? value.map((one) => number(one, 1)).join(", ") : number(value, 3))))));
    side.replaceChildren(layers, views, ...[origin, plate].filter(Boolean), h("section", { class: "col" }, h("h2", {}, "Everything the table says"), table));
  }

  const asked = neighbours(name) || { where: {}, sort: "", down: false, held: false, chosen: 0 };
  async function beside(step) {
    const at = asked.chosen + step;
    if (at < 0) return;
    const answer = asked.found ? { rows: asked.found.slice(at, at + 1) } : await ask(`${out(name)}/rows`, { where: asked.where, sort: asked.sort, down: asked.down, held: asked.held, start: at, count: 1 });
    if (answer.rows.length) { asked.chosen = at; go("frame", name, answer.rows[0].frame_id); }
  }
  const flags = row.flags && row.flags !== "ok" ? h("span", { class: "what warm" }, row.flags.split(",").map(words).join(", ")) : null;
  const correct = told.shot ? h("button", { class: "main", onclick: () => go("correct", name, told.shot, row.drawing_of || row.frame_id) }, "Correct") : null;
  stage.append(sheet, handle,
    h("div", { class: "title" }, h("button", { onclick: () => go("browse", name), "aria-label": "Back to the frames" }, "←"), h("span", { class: "what mono" }, id), flags, h("span", { class: "grow" }), told.shot && h("button", { onclick: () => go("play", name, told.shot) }, "Play shot"), correct),
    h("div", { class: "hud" }, h("button", { onclick: () => beside(-1), "aria-label": "The frame before" }, "◀"), h("button", { onclick: () => beside(1), "aria-label": "The next frame" }, "▶"), h("button", { "aria-label": "Smaller", onclick: () => zoom(0.8) }, "−"), zoomed, h("button", { "aria-label": "Larger", onclick: () => zoom(1.25) }, "+"), h("button", { class: "wide", onclick: () => { zoom(1 / view.k); } }, "1:1"), h("button", { onclick: () => split() }, "Split")));
  main.replaceChildren(h("div", { class: "frame" }, stage, side));
  draw();
  panel();
  fit();
  const watch = new ResizeObserver(() => fit());
  watch.observe(stage);
  const toggles = Object.fromEntries(told.layers.filter((one) => NAMES[one]).map((one, at) => [String(at + 1), [`${NAMES[one]} on or off`, () => { kept.layers[one] = !kept.layers[one]; turn("layers"); }]]));
  bind({ "←": ["the frame before", () => beside(-1)], "→": ["the next frame", () => beside(1)], "+": ["larger", () => zoom(1.25)], "-": ["smaller", () => zoom(0.8)], 0: ["fit", fit], p: ["one to one", () => zoom(1 / view.k)], x: ["split", () => split()], Space: ["play the shot", () => told.shot && go("play", name, told.shot)], c: ["correct", () => correct?.click()], Esc: ["back to the frames", () => go("browse", name)], ...toggles });
  return () => watch.disconnect();
}

// Drag moves, the wheel zooms at the pointer, two fingers pinch.
export function panned(stage, view, zoom, place, may = () => true) {
  const touching = new Map();
  let apart = 0;
  stage.addEventListener("wheel", (event) => { event.preventDefault(); const box = stage.getBoundingClientRect(); zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top); }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button, select")) return;
    touching.set(event.pointerId, event);
    if (touching.size === 1 && !may(event)) return;
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("panning");
  });
  stage.addEventListener("pointermove", (event) => {
    if (!touching.has(event.pointerId) || !stage.classList.contains("panning")) return;
    const before = touching.get(event.pointerId);
    touching.set(event.pointerId, event);
    if (touching.size === 2) {
      const [a, b] = [...touching.values()];
      const now = Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
      const box = stage.getBoundingClientRect();
      if (apart) zoom(now / apart, (a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top);
      apart = now;
    } else { view.x += event.clientX - before.clientX; view.y += event.clientY - before.clientY; place(); }
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => { touching.delete(event.pointerId); apart = 0; if (!touching.size) stage.classList.remove("panning"); });
}
