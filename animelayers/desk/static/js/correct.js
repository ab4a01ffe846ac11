// A shot under correction: say on one drawing what is wrong, see where it goes in all of them, save.
import { ask, bind, go, h, layer, out, query, say, thumb, tried } from "./base.js";
import { panned } from "./frame.js";

const TOOLS = { click: ["Click", "◎", "k"], brush: ["Brush", "●", "b"], lasso: ["Lasso", "◌", "l"] };
const EFFECT = 255;
const drawings = (count) => `${count} drawing${count === 1 ? "" : "s"}`;

export async function correct(main, name, shot, id) {
  main.replaceChildren(h("p", { class: "wait", role: "status" }, "Looking at all drawings of the shot …"));
  let [told, sheet, columns] = await Promise.all([ask(`${out(name)}/correct?${query({ shot })}`), ask(`${out(name)}/shot?${query({ shot })}`), ask(`${out(name)}/columns`)]);
  const { width, height } = sheet;
  const state = { at: Math.max(0, told.drawings.findIndex((one) => one.frame_id === id)), tool: "click", label: 0, radius: 0.015, overlay: true, turn: 0, busy: false };
  state.label = told.figures[0]?.label ?? 1;
  const view = { x: 0, y: 0, k: 1 };
  const base = h("img", { alt: "", draggable: false }), over = h("img", { alt: "", draggable: false });
  const marks = h("canvas", { width, height, style: { position: "absolute", inset: 0, width: "100%", height: "100%" } });
  const paper = h("div", { class: "sheet", style: { width: `${width}px`, height: `${height}px` } }, base, over, marks);
  const stage = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": "The drawing: point at what is wrong", "data-keys": true }, paper);
  const side = h("aside", { class: "side", "aria-label": "Correction" });
  const strip = h("div", { class: "strip", role: "listbox", "aria-label": "Drawings of the shot" });
  const preview = (drawing) => `/api${out(name)}/preview?${query({ shot, drawing, turn: state.turn })}`;

  function place() { paper.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.k})`; paper.classList.toggle("pixels", view.k >= 3); }
  function fit() { const k = Math.min(stage.clientWidth / width, stage.clientHeight / height) * 0.96; Object.assign(view, { k, x: (stage.clientWidth - width * k) / 2, y: (stage.clientHeight - height * k) / 2 }); place(); }
  function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) { const k = Math.max(0.05, Math.min(32, view.k * factor)); view.x = x - (x - view.x) * k / view.k; view.y = y - (y - view.y) * k / view.k; view.k = k; place(); }
  let holding = false;
  panned(stage, view, zoom, place, (event) => event.button === 1 || event.button === 2 || holding);
  stage.addEventListener("contextmenu", (event) => event.preventDefault());

  const point = (event) => { const box = stage.getBoundingClientRect(); return [(event.clientX - box.left - view.x) / view.k / width, (event.clientY - box.top - view.y) / view.k / height]; };
  let stroke = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button") || event.button !== 0 || holding || state.busy) return;
    stage.setPointerCapture(event.pointerId);
    stroke = { points: [point(event)], label: event.shiftKey || event.altKey ? 0 : state.label };
    ink();
  });
  stage.addEventListener("pointermove", (event) => { if (stroke && state.tool !== "click") { stroke.points.push(point(event)); ink(); } });
  stage.addEventListener("pointerup", () => {
    if (!stroke) return;
    const { points, label } = stroke;
    stroke = null;
    marks.getContext("2d").clearRect(0, 0, width, height);
    if (points[0].some((one) => one < 0 || one > 1)) return;
    const thin = points.filter((_, at) => at % Math.ceil(points.length / 400) === 0);
    tell({ do: "say", drawing: state.at, kind: state.tool, points: thin, radius: state.radius, label });
  });
  stage.addEventListener("pointercancel", () => { stroke = null; marks.getContext("2d").clearRect(0, 0, width, height); });
  const colour = (label) => label === 0 ? [255, 70, 70] : label === EFFECT ? [255, 225, 60] : told.figures.find((one) => one.label === label)?.colour || [88, 166, 255];
  function ink() {
    const pen = marks.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = pen.fillStyle = `rgba(${colour(stroke.label).join(",")},.8)`;
    pen.lineWidth = state.tool === "brush" ? 2 * state.radius * height : Math.max(1.5, 2 / view.k);
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    stroke.points.forEach(([x, y], at) => pen[at ? "lineTo" : "moveTo"](x * width, y * height));
    if (state.tool === "lasso") pen.closePath();
    pen.stroke();
    const [x, y] = stroke.points[0];
    if (state.tool !== "lasso") { pen.beginPath(); pen.arc(x * width, y * height, state.tool === "click" ? 4 / view.k : state.radius * height, 0, 7); pen.fill(); }
  }

  const tell = tried(async (body) => {
    state.busy = true;
    try { told = await ask(`${out(name)}/correct`, { shot, ...body }); state.turn++; draw(); } finally { state.busy = false; }
  });
  const save = tried(async () => {
    const saved = await ask(`${out(name)}/correct`, { shot, do: "save" });
    for (const line of saved.problems) say(line, true);
    say(`${drawings(saved.changed.length)} corrected and saved`);
    await again();
  });
  const takeBack = tried(async () => {
    if (!confirm("Take back all corrections of this shot, also those saved before?")) return;
    await ask(`${out(name)}/correct`, { shot, do: "take back" });
    say("all corrections of the shot were taken back");
    await again();
  });
  async function again() {
    columns = await ask(`${out(name)}/columns`);
    told = await ask(`${out(name)}/correct?${query({ shot })}`);
    state.turn++;
    draw();
  }
  function stop(which) {
    const [first, last] = told.within;
    tell({ do: "stop", first: which === "in" ? state.at : Math.min(first, state.at), last: which === "out" ? state.at : Math.max(last, state.at) });
  }
  function draw() {
    const here = told.drawings[state.at];
    base.src = layer(name, here.frame_id, "whole", columns.version);
    over.src = preview(state.at);
    over.hidden = !state.overlay;
    panel();
    strip.replaceChildren(...told.drawings.map((one, at) => h("button", { class: `cell${at === state.at ? " now" : ""}${at < told.within[0] || at > told.within[1] ? " out" : ""}`, role: "option", "aria-selected": String(at === state.at), "aria-label": `Drawing ${at + 1}${one.changed ? `, changed, strength ${Math.round(one.strength * 100)} percent` : ""}${one.corrected !== "none" ? ", corrected before" : ""}`, onclick: () => show(at) },
      h("span", { class: "pic" }, h("img", { src: thumb(name, one.frame_id, { v: columns.version }), alt: "", loading: "lazy" }), (one.changed || at === state.at) && h("img", { src: preview(at), alt: "" })),
      h("span", { class: "meter" }, h("i", { style: { width: `${(one.changed ? Math.max(0.06, one.strength) : 0) * 100}%` } })), h("small", { class: "num" }, `${at + 1}`, h("span", { class: one.corrected !== "none" ? "good" : "" }, one.changed ? `${Math.round(one.strength * 100)} %` : one.corrected === "none" ? "" : one.corrected)))));
    const cell = strip.children[state.at];
    if (cell && (cell.offsetLeft < strip.scrollLeft || cell.offsetLeft + cell.offsetWidth > strip.scrollLeft + strip.clientWidth)) strip.scrollLeft = cell.offsetLeft - strip.clientWidth / 2;
  }
  function show(at) { state.at = Math.max(0, Math.min(told.drawings.length - 1, at)); draw(); }
  function panel() {
    const changed = told.drawings.filter((one) => one.changed).length;
    const labels = [[0, "Background", [255, 70, 70], "x"], ...told.figures.map((one, at) => [one.label, one.name, one.colour, String(at + 1)]), [EFFECT, "Effect", [255, 225, 60], "e"]];
    side.replaceChildren(
      h("section", { class: "col" }, h("h2", {}, "This is …"), h("div", { class: "labels", role: "group", "aria-label": "What it is" }, ...labels.map(([label, text, own, key]) => h("button", { "aria-pressed": String(state.label === label), title: `key ${key}`, onclick: () => { state.label = label; panel(); } }, h("span", { class: "dot", style: { background: `rgb(${own.join(",")})` } }), text)), h("button", { onclick: () => { const free = Math.max(...told.figures.map((one) => one.label)) + 1; told.figures.push({ label: free, name: `figure ${free} (new)`, colour: [180, 140, 255] }); state.label = free; panel(); } }, "+ another figure")), h("small", { class: "dim" }, "With Shift held it is background.")),
      h("section", { class: "col" }, h("h2", {}, "With"), h("div", { class: "tools", role: "group", "aria-label": "Tool" }, ...Object.entries(TOOLS).map(([tool, [text, sign]]) => h("button", { "aria-pressed": String(state.tool === tool), onclick: () => { state.tool = tool; panel(); } }, h("b", { "aria-hidden": "true" }, sign), text))), state.tool === "brush" && h("label", { class: "row" }, h("span", { class: "dim" }, "width"), h("input", { type: "range", min: 0.003, max: 0.08, step: 0.001, value: state.radius, "aria-label": "Width of the brush", oninput: (e) => { state.radius = Number(e.target.value); } }))),
      h("section", { class: "col" }, h("h2", {}, "It went to"), h("p", { style: { margin: 0 }, role: "status" }, told.said ? `${changed} of ${told.drawings.length} drawings` : "Point at something that is wrong."), h("div", { class: "row" }, h("button", { onclick: () => stop("in"), title: "[" }, "not before this"), h("button", { onclick: () => stop("out"), title: "]" }, "not after this"), (told.within[0] > 0 || told.within[1] < told.drawings.length - 1) && h("button", { onclick: () => tell({ do: "stop", first: 0, last: told.drawings.length - 1 }) }, "everywhere"))),
      h("section", { class: "col" }, h("div", { class: "row" }, h("button", { disabled: !told.said, onclick: () => tell({ do: "undo" }) }, "Undo"), h("button", { disabled: !told.undone, onclick: () => tell({ do: "redo" }) }, "Redo"), h("button", { "aria-pressed": String(state.overlay), onclick: () => { state.overlay = !state.overlay; draw(); } }, "Show who is where")), h("button", { class: "main", disabled: !told.said, onclick: save }, `Save${changed ? ` ${drawings(changed)}` : ""}`), told.drawings.some((one) => one.corrected !== "none") && h("button", { class: "warn", onclick: takeBack }, "Take back all corrections")),
      h("p", { class: "dim", style: { margin: 0 } }, "What is saved lies in ", h("code", {}, `edits/${shot}`), " of the output, as import_edits reads it. The output itself stays as it was."));
  }
  stage.append(h("div", { class: "title" }, h("button", { onclick: () => go("play", name, shot, told.drawings[state.at].frame_id), "aria-label": "Back to the shot" }, "←"), h("span", { class: "what mono" }, shot)), h("div", { class: "hud" }, h("button", { "aria-label": "Smaller", onclick: () => zoom(0.8) }, "−"), h("button", { onclick: () => fit() }, "Fit"), h("button", { "aria-label": "Larger", onclick: () => zoom(1.25) }, "+")));
  main.replaceChildren(h("div", { class: "correct" }, stage, side, strip));
  draw();
  fit();
  const watch = new ResizeObserver(() => fit());
  watch.observe(stage);
  const hold = (event) => { if (event.code === "Space") holding = event.type === "keydown"; };
  addEventListener("keydown", hold);
  addEventListener("keyup", hold);
  const label = (value) => () => { state.label = value; panel(); };
  bind({ "←": ["the drawing before", () => show(state.at - 1)], "→": ["the next drawing", () => show(state.at + 1)], k: ["click", () => { state.tool = "click"; panel(); }], b: ["brush", () => { state.tool = "brush"; panel(); }], l: ["lasso", () => { state.tool = "lasso"; panel(); }], x: ["it is background", label(0)], e: ["it is an effect", label(EFFECT)],
    ...Object.fromEntries(told.figures.slice(0, 9).map((one, at) => [String(at + 1), [`it is ${one.name}`, label(one.label)]])), "[": ["not before this drawing", () => stop("in")], "]": ["not after this drawing", () => stop("out")], u: ["undo", () => tell({ do: "undo" })], "Ctrl z": ["undo", () => tell({ do: "undo" })], "Ctrl y": ["redo", () => tell({ do: "redo" })], v: ["show who is where", () => { state.overlay = !state.overlay; draw(); }], "+": ["larger", () => zoom(1.25)], "-": ["smaller", () => zoom(0.8)], 0: ["fit", fit], Enter: ["save", () => told.said && save()], Esc: ["back to the shot", () => go("play", name, shot, told.drawings[state.at].frame_id)], Space: ["held: move the picture", () => {}] });
  return () => { watch.disconnect(); removeEventListener("keydown", hold); removeEventListener("keyup", hold); };
}
