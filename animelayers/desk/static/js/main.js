// Which page shows: the address behind # says it, so that back, forward and links work.
import { ask, bind, go, h, help, link, say, thumb, tried } from "./base.js";
import { browse } from "./browse.js";
import { frame } from "./frame.js";
import { shots, play } from "./play.js";
import { correct } from "./correct.js";
import { compare } from "./compare.js";
import { runs } from "./run.js";
import { decide, people } from "./decide.js";

const whole = document.getElementById("main");
const select = document.getElementById("output");
const state = { shelf: { outputs: [], sets: [], casts: [] }, end: null };

const PAGES = { browse, frame, shots, play, correct };

async function shelf() {
  state.shelf = await ask("/shelf");
  const [page, name] = place();
  const here = PAGES[page] ? name : select.value;
  select.parentElement.hidden = !state.shelf.outputs.length;
  select.replaceChildren(...state.shelf.outputs.map((one) => h("option", { value: one.name, selected: one.name === here }, one.name)));
}

const place = () => location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);

function navigation(page, name) {
  const own = name || select.value || state.shelf.outputs[0]?.name;
  const entries = own ? [["Browse", link("browse", own), ["browse", "frame"]], ["Shots", link("shots", own), ["shots", "play", "correct"]]] : [];
  if (state.shelf.outputs.length > 1) entries.push(["Compare", link("compare", own || ""), ["compare"]]);
  entries.push(["Run", link("runs"), ["runs"]]);
  if (state.shelf.sets.length) entries.push(["Decide", link("decide", state.shelf.sets[0]), ["decide"]]);
  if (state.shelf.casts.length) entries.push(["Characters", link("people", state.shelf.casts[0]), ["people"]]);
  document.getElementById("nav").replaceChildren(...entries.map(([text, href, pages]) => h("a", { href, "aria-current": pages.includes(page) ? "page" : null }, text)));
}

const show = tried(async () => {
  state.end?.();
  state.end = null;
  bind({});
  const main = h("div", { class: "here" });  // a page that comes late writes into what nobody sees any more
  whole.replaceChildren(main);
  let end = null;
  const [page, name, ...rest] = place();
  if (!state.shelf.outputs.length) await shelf(); else shelf().then(() => whole.firstChild === main && navigation(page, PAGES[page] ? name : ""), () => {});
  if (whole.firstChild !== main) return;
  if (name && [...select.options].some((one) => one.value === name)) select.value = name;
  navigation(page, PAGES[page] ? name : "");
  document.title = [rest.at(-1)?.split("/").pop(), name, "animelayers desk"].filter(Boolean).join(" · ");
  main.replaceChildren(h("p", { class: "wait" }, "…"));
  try {
    if (PAGES[page] && name) end = await PAGES[page](main, name, ...rest);
    else if (page === "compare") end = await compare(main, state.shelf, name, ...rest);
    else if (page === "runs") end = await runs(main, state.shelf, [name, ...rest]);
    else if (page === "decide") end = await decide(main, name);
    else if (page === "people") end = await people(main, name);
    else await home(main);
  } catch (wrong) {
    main.replaceChildren(h("div", { class: "empty", role: "alert" }, h("b", {}, "This cannot be shown"), wrong.message));
  }
  if (whole.firstChild === main) { state.end = end; whole.focus({ preventScroll: true }); } else end?.();
});

async function home(main) {
  await shelf();
  if (whole.firstChild !== main) return;
  const { outputs, sets, casts } = state.shelf;
  const states = { whole: "whole", "being written": "writing", damaged: "damaged", empty: "" };
  const card = (one) => {
    const good = one.state === "whole" || one.state === "being written";
    const cover = h("div", { class: "cover" });
    if (good) ask(`/out/${encodeURIComponent(one.name)}/rows`, { count: 1, sort: "" }).then((told) => {
      if (told.rows.length) cover.append(h("img", { src: thumb(one.name, told.rows[0].frame_id), alt: "" }));
    }).catch(() => {});
    return h("a", { class: "card", href: link("browse", one.name) }, cover, h("h2", {}, one.name), h("span", { class: `state ${states[one.state]}` }, one.state === "whole" ? one.said : `${one.state}: ${one.said}`), h("span", { class: "dim mono" }, one.path));
  };
  const more = [...sets.map((name) => ["set", name, link("decide", name)]), ...casts.map((name) => ["characters", name, link("people", name)])];
  main.replaceChildren(h("div", { class: "page" },
    h("header", {}, h("h1", {}, "On this desk"), h("span", { class: "grow" }), h("a", { href: link("runs") }, "Start a run")), steps(state.shelf),
    h("div", { class: "cards" }, ...outputs.map(card), ...more.map(([kind, name, href]) => h("a", { class: "card", href }, h("h3", {}, kind), h("h2", {}, name)))),
    !outputs.length && h("div", { class: "empty" }, h("b", {}, "Nothing is here yet"), "Take a film apart: its layers will stand here.")));
}

// From a film to a training set: what comes next is lit.
function steps({ outputs, sets, places }) {
  const made = outputs.filter((one) => one.state === "whole" || one.state === "being written");
  const own = made.find((one) => one.name === select.value) || made[0];
  const set = sets.at(-1);
  const entries = [
    ["Take a film apart", "into characters, background and effects", link("runs", "decompose"), made.length > 0],
    ["Look, and correct", "one drawing; it spreads through its shot", own && link("shots", own.name), false],
    ["Choose what to train on", "a strategy for every drawing, in balance", own && link("runs", "curate", `source.path=${own.path}`, `output=${own.path}-set`), sets.length > 0],
    ["Decide", "accept or change what was chosen", set && link("decide", set), false],
    ["Export for a trainer", "kohya and others: pictures, captions, settings", (set || own) && link("runs", "export", `source.path=${set ? places[set] : own.path}`, `output=${set ? places[set] : own.path}-kohya`), false],
  ];
  return h("ol", { class: "steps", "aria-label": "From a film to a training set" }, ...entries.map(([text, more, href, done], at) => h("li", { class: done ? "done" : "" }, h("span", { class: "dim num", "aria-hidden": "true" }, done ? "✓" : at + 1), href ? h("a", { href }, text) : h("span", { class: "dim" }, text), h("small", { class: "dim" }, more))));
}

addEventListener("shelf", () => shelf().then(() => { const [page, name] = place(); navigation(page, PAGES[page] ? name : ""); }, () => {}));
select.addEventListener("change", () => go("browse", select.value));
document.getElementById("keys").addEventListener("click", help);
document.getElementById("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* only not kept */ }
});
try { if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme"); } catch { /* the machine's own */ }
addEventListener("hashchange", show);
addEventListener("unhandledrejection", (event) => say(event.reason?.message || "something went wrong", true));
show();
