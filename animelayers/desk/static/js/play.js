// The shots of an output, and a shot as it runs: its drawings, held as long as they are exposed, at its rate, with onion skin.
import { ask, bind, go, h, layer, link, number, out, query, thumb, tried } from "./base.js";

export async function shots(main, name) {
  const [told, columns] = await Promise.all([ask(`${out(name)}/shots`), ask(`${out(name)}/columns`)]);
  const card = (shot) => h("a", { class: "card", href: link("play", name, shot.name) },
    h("div", { class: "cover" }, h("img", { src: thumb(name, shot.first, { v: columns.version }), alt: "", loading: "lazy" })), h("h2", {}, shot.name),
    h("span", { class: "dim num" }, `${shot.frames} frames, ${shot.drawings} drawing${shot.drawings === 1 ? "" : "s"}, ${number(shot.rate)} a second`),
    h("span", { class: "row" }, shot.flagged ? h("span", { class: "warm" }, `${shot.flagged} flagged`) : h("span", { class: "good" }, "nothing flagged"), shot.corrected ? h("span", { class: "good" }, `${shot.corrected} corrected`) : null));
  let sorted = told.shots;
  const grid = h("div", { class: "cards" });
  const draw = () => grid.replaceChildren(...sorted.slice(0, 600).map(card));
  main.replaceChildren(h("div", { class: "page" }, h("header", {}, h("h1", {}, "Shots"), h("span", { class: "dim num" }, `${told.shots.length}`), h("span", { class: "grow" }),
    h("select", { "aria-label": "Order of the shots", onchange: (e) => { sorted = e.target.value ? [...told.shots].sort((a, b) => b[e.target.value] - a[e.target.value]) : told.shots; draw(); } }, h("option", { value: "" }, "in order of time"), h("option", { value: "flagged" }, "most flagged first"), h("option", { value: "frames" }, "longest first"), h("option", { value: "corrected" }, "corrected first"))),
  told.shots.length ? grid : h("div", { class: "empty" }, h("b", {}, "No shots"), "Pictures without a timing have none.")));
  draw();
  bind({ b: ["the frames", () => go("browse", name)] });
}

export async function play(main, name, shot, start) {
  const [told, columns] = await Promise.all([ask(`${out(name)}/shot?${query({ shot })}`), ask(`${out(name)}/columns`)]);
  const canvas = h("canvas", { width: told.width, height: told.height, role: "img", "aria-label": `Shot ${shot}` });
  const paper = canvas.getContext("2d");
  const number_of = new Map(told.drawings.map((id, at) => [id, at]));
  const at_first = Math.max(0, told.shown.indexOf(start));
  const state = { at: at_first, playing: false, onion: false, loop: true, speed: 1, what: "whole", back: 1 };
  const pictures = new Map();
  let ended = false, clock = 0, timer = 0;

  const load = (id) => {
    const key = `${state.what} ${id}`;
    if (!pictures.has(key)) {
      const img = new Image();
      img.src = layer(name, id, state.what, columns.version);
      img.onload = draw;
      pictures.set(key, img);
      if (pictures.size > 240) pictures.delete(pictures.keys().next().value);
    }
    return pictures.get(key);
  };
  const other = (step) => {
    const here = number_of.get(told.shown[state.at]);
    return here === undefined ? undefined : told.drawings[here + step];
  };
  function draw() {
    if (ended) return;
    const id = told.shown[state.at];
    paper.globalAlpha = 1;
    paper.globalCompositeOperation = "source-over";
    if (state.what === "character") { paper.fillStyle = "#2b2e35"; paper.fillRect(0, 0, canvas.width, canvas.height); } else if (!id) paper.clearRect(0, 0, canvas.width, canvas.height);
    if (id) { const img = load(id); if (img.complete && img.naturalWidth) paper.drawImage(img, 0, 0, canvas.width, canvas.height); }
    if (state.onion) {
      for (const [step, alpha] of [[-1, 0.35], [1, 0.25], ...(state.back > 1 ? [[-2, 0.18]] : [])]) {
        const beside = other(step);
        if (!beside) continue;
        const img = load(beside);
        if (img.complete && img.naturalWidth) { paper.globalAlpha = alpha; paper.drawImage(img, 0, 0, canvas.width, canvas.height); }
      }
      paper.globalAlpha = 1;
    }
    place.value = state.at;
    said.textContent = `frame ${state.at + 1} of ${told.shown.length}, drawing ${id ? number_of.get(id) + 1 : "–"} of ${told.drawings.length}, ${number(told.rate)} a second`;
    for (const [n, mark] of [...exposure.children].entries()) mark.classList.toggle("now", state.at >= runs[n].from && state.at < runs[n].from + runs[n].long);
    for (const ahead of [1, 2, 3]) { const next = told.shown[state.at + ahead]; if (next) load(next); }
  }
  const runs = [];
  told.shown.forEach((id, at) => { if (runs.length && runs.at(-1).id === id) runs.at(-1).long++; else runs.push({ id, from: at, long: 1 }); });
  const exposure = h("div", { class: "exposure", "aria-hidden": "true", onclick: (e) => { const box = exposure.getBoundingClientRect(); to(Math.floor((e.clientX - box.left) / box.width * told.shown.length)); } },
    ...runs.map((run) => h("i", { class: run.id ? "" : "gap", style: { flex: run.long } }, run.long * 900 / told.shown.length > 14 && run.id ? String(number_of.get(run.id) + 1) : "")));
  const place = h("input", { type: "range", min: 0, max: Math.max(0, told.shown.length - 1), value: 0, "aria-label": "Frame of the shot", oninput: (e) => to(Number(e.target.value)) });
  const said = h("span", { class: "dim num", role: "status" });
  const button = h("button", { class: "main", "aria-label": "Play or pause", onclick: () => playing() }, "▶");
  const to = (at) => { state.at = Math.max(0, Math.min(told.shown.length - 1, at)); draw(); };
  function playing(on = !state.playing) {
    state.playing = on;
    button.textContent = on ? "❚❚" : "▶";
    said.setAttribute("aria-live", on ? "off" : "polite");
    clock = performance.now();
    if (on) { if (state.at >= told.shown.length - 1) state.at = 0; timer = requestAnimationFrame(tick); } else cancelAnimationFrame(timer);
  }
  function tick(now) {
    if (!state.playing || ended) return;
    const due = Math.floor((now - clock) / 1000 * told.rate * state.speed);
    if (due > 0) {
      clock += due * 1000 / (told.rate * state.speed);
      let next = state.at + due;
      if (next >= told.shown.length) { if (!state.loop) { to(told.shown.length - 1); playing(false); return; } next %= told.shown.length; }
      to(next);
    }
    timer = requestAnimationFrame(tick);
  }
  const onion = h("button", { "aria-pressed": "false", onclick: () => { state.onion = !state.onion; onion.setAttribute("aria-pressed", String(state.onion)); draw(); } }, "Onion skin");
  const what = h("select", { "aria-label": "What is played", onchange: (e) => { state.what = e.target.value; pictures.clear(); draw(); } }, h("option", { value: "whole" }, "the frame"), ...columns.layers.filter((one) => ["character", "background", "mask", "effect"].includes(one)).map((one) => h("option", { value: one }, one)));
  const speed = h("select", { "aria-label": "Speed", onchange: (e) => { state.speed = Number(e.target.value); } }, ...[0.25, 0.5, 1, 2].map((one) => h("option", { value: one, selected: one === 1 }, `${one}×`)));
  const open = () => told.shown[state.at] && go("frame", name, told.shown[state.at]);
  const attempt = tried(async () => {
    const { values } = await ask(`${out(name)}/try?${query({ shot })}`);
    sessionStorage.setItem("form decompose", JSON.stringify(values));
    sessionStorage.setItem("trial", JSON.stringify({ out: name, shot, output: values.output }));
    go("runs", "decompose");
  });
  const mend = () => go("correct", name, shot, told.shown[state.at] || told.drawings[0] || "");
  main.replaceChildren(h("div", { class: "play" },
    h("div", { class: "screen" }, canvas, h("div", { class: "title" }, h("button", { onclick: () => go("shots", name), "aria-label": "Back to the shots" }, "←"), h("span", { class: "what mono" }, shot), h("span", { class: "grow" }), h("button", { onclick: attempt, title: "Run this shot alone with other settings" }, "Try settings"), h("button", { onclick: open }, "Open frame"), h("button", { class: "main", onclick: mend }, "Correct"))),
    h("div", { class: "controls" }, exposure, place, h("div", { class: "row" }, button, h("button", { "aria-label": "The drawing before", onclick: () => step(-1) }, "◀"), h("button", { "aria-label": "The next drawing", onclick: () => step(1) }, "▶"), what, speed, onion, said))));
  function step(way) {
    const here = told.shown[state.at];
    let at = state.at;
    while (at + way >= 0 && at + way < told.shown.length && told.shown[at] === here) at += way;
    if (way < 0) while (at > 0 && told.shown[at - 1] === told.shown[at]) at--;
    to(at);
  }
  told.drawings.slice(0, 120).forEach(load);
  to(state.at);
  bind({ Space: ["play or pause", () => playing()], "←": ["a frame back", () => to(state.at - 1)], "→": ["a frame on", () => to(state.at + 1)], "↑": ["the drawing before", () => step(-1)], "↓": ["the next drawing", () => step(1)], Home: ["the first frame", () => to(0)], End: ["the last frame", () => to(told.shown.length - 1)], o: ["onion skin", () => onion.click()], Enter: ["open the frame", open], c: ["correct", mend], Esc: ["the shots", () => go("shots", name)] });
  if (!start) playing(true);
  return () => { ended = true; cancelAnimationFrame(timer); };
}
