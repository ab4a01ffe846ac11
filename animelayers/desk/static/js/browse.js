// All frames of an output: a grid that holds only what is seen, filters with counts, sort, search.
import { ask, bind, go, h, later, number, out, say, short, thumb, tried, words } from "./base.js";

const FIRST = ["flags", "corrected", "characters", "shot_size", "camera_motion", "effect_mode", "episode", "recompose_psnr", "character_coverage", "character_confidence", "background_invented"];
const memory = new Map();
const PAGE = 120;

export async function browse(main, name) {
  const told = await ask(`${out(name)}/columns`);
  const known = new Map(told.columns.map((one) => [one.name, one.kind]));
  const state = memory.get(name) || { where: {}, sort: "", down: false, held: false, size: 220, chosen: 0, facets: FIRST.filter((one) => known.has(one)), found: null };
  memory.set(name, state);
  let total = 0, asked = 0;
  let rows = new Map();

  const count = h("span", { class: "dim num", role: "status" });
  const search = h("input", { type: "search", placeholder: "Find text: id, caption, character, flag …", "aria-label": "Find frames by text", value: state.where.text?.has || "" });
  const sorting = h("select", { "aria-label": "Sort by" }, h("option", { value: "" }, "in order of time"), ...told.columns.map((one) => h("option", { value: one.name, selected: one.name === state.sort }, words(one.name))));
  const down = h("button", { "aria-label": "Sort downwards", "aria-pressed": String(state.down), title: "Largest first" }, "↓");
  const held = h("label", { class: "row" }, h("input", { type: "checkbox", checked: state.held, onchange: (e) => { state.held = e.target.checked; fresh(); } }), "held frames");
  const size = h("input", { type: "range", min: 110, max: 420, value: state.size, "aria-label": "Size of the pictures", oninput: (e) => { state.size = Number(e.target.value); lay(); } });
  const filters = h("aside", { class: "filters", "aria-label": "Filters" });
  const chips = h("div", { class: "chips", "aria-label": "Filters that are set" });
  const inner = h("div", { class: "inner" });
  const grid = h("div", { class: "grid", tabindex: "0", role: "listbox", "aria-label": "Frames", "data-keys": true }, inner);
  const page = h("div", { class: "browse" });
  const open = h("button", { class: "only-small", onclick: () => page.classList.toggle("open"), "aria-label": "Show or hide filters" }, "Filters");
  page.append(filters, h("section", { class: "results" }, h("div", { class: "bar" }, open, search, sorting, down, held, size, count), chips, grid));
  main.replaceChildren(page);

  search.addEventListener("input", later(() => { set("text", search.value ? { has: search.value } : null); }));
  sorting.addEventListener("change", () => { state.sort = sorting.value; fresh(); });
  down.addEventListener("click", () => { state.down = !state.down; down.setAttribute("aria-pressed", String(state.down)); down.textContent = state.down ? "↓" : "↑"; fresh(); });

  function set(column, asking) {
    if (asking) state.where[column] = asking; else delete state.where[column];
    state.found = null;
    state.chosen = 0;
    fresh();
  }

  const fresh = tried(async () => {
    rows = new Map();
    const own = ++asked;
    const answer = state.found ? { total: state.found.length, rows: state.found, facets: {} }
      : await ask(`${out(name)}/rows`, { where: state.where, sort: state.sort, down: state.down, held: state.held, start: 0, count: PAGE, facets: state.facets });
    if (own !== asked) return;
    total = answer.total;
    answer.rows.forEach((row, at) => rows.set(at, row));
    count.textContent = `${total.toLocaleString()} of ${told.frames.toLocaleString()}${state.held ? "" : " (each drawing once)"}`;
    if (!state.found) sidebar(answer.facets);
    marked();
    grid.scrollTop = 0;
    lay();
  });

  function marked() {
    const said = Object.entries(state.where).map(([column, asking]) => {
      const text = asking.has !== undefined ? `“${asking.has}”` : asking.in ? asking.in.join(" or ") : [asking.min !== undefined ? `≥ ${number(asking.min)}` : "", asking.max !== undefined ? `≤ ${number(asking.max)}` : ""].join(" ");
      return h("button", { class: "chip", "aria-label": `Remove the filter ${words(column)}`, onclick: () => { if (column === "text") search.value = ""; set(column, null); } }, `${words(column)}: ${text} ✕`);
    });
    if (state.found) said.unshift(h("button", { class: "chip", onclick: () => { state.found = null; fresh(); } }, "frames that are alike ✕"));
    chips.replaceChildren(...said);
  }

  function sidebar(facets) {
    const others = told.columns.filter((one) => !state.facets.includes(one.name) && one.name !== "frame_id");
    const more = h("select", { "aria-label": "Filter by another column", onchange: (e) => { state.facets.push(e.target.value); fresh(); } }, h("option", { value: "" }, "another column …"), ...others.map((one) => h("option", { value: one.name }, words(one.name))));
    filters.replaceChildren(
      h("div", { class: "row only-small" }, h("b", {}, "Filters"), h("span", { class: "grow" }), h("button", { class: "main", onclick: () => page.classList.remove("open") }, "Show frames")),
      ...state.facets.map((column) => facet(column, facets[column])).filter(Boolean), more);
  }

  function facet(column, found) {
    const asking = state.where[column] || {};
    const box = h("section", { class: "facet", "aria-label": words(column) }, h("h3", {}, words(column)));
    if (known.get(column) === "number") {
      if (!found || found.min === null) return null;
      const most = Math.max(...found.bars, 1);
      const bound = (side, hint) => h("input", { type: "number", step: "any", placeholder: number(hint), value: asking[side] ?? "", "aria-label": `${words(column)} ${side === "min" ? "at least" : "at most"}`,
        onchange: (e) => { const next = { ...state.where[column] }; if (e.target.value === "") delete next[side]; else next[side] = Number(e.target.value); set(column, Object.keys(next).length ? next : null); } });
      box.append(h("div", { class: "bars", "aria-hidden": "true" }, ...found.bars.map((bar) => h("i", { style: { height: `${Math.max(2, 100 * bar / most)}%` } }))), h("div", { class: "range" }, bound("min", found.min), bound("max", found.max)));
      return box;
    }
    const own = asking.in || [];
    const listed = found?.words || [];
    const all = [...own.filter((word) => !listed.some(([other]) => other === word)).map((word) => [word, 0]), ...listed];
    if (!all.length) {
      box.append(h("input", { type: "search", placeholder: "has …", value: asking.has || "", "aria-label": `${words(column)} has`, onchange: (e) => set(column, e.target.value ? { has: e.target.value } : null) }));
      return box;
    }
    const lines = all.map(([word, n]) => h("label", {}, h("input", { type: "checkbox", checked: own.includes(word), onchange: (e) => {
      const next = e.target.checked ? [...own, word] : own.filter((other) => other !== word);
      set(column, next.length ? { in: next } : null);
    } }), h("span", { title: word }, word === "" ? "(nothing)" : ["flags", "shot_size", "effect_mode"].includes(column) ? words(word) : word), h("span", { class: "num" }, n.toLocaleString())));
    box.append(...lines.slice(0, 8));
    if (lines.length > 8) box.append(h("details", {}, h("summary", {}, `${lines.length - 8} more`), ...lines.slice(8)));
    return box;
  }

  // Only tiles that are seen are there; rows come in pages as one scrolls.
  const tiles = new Map();
  const waiting = new Set();
  let per = 1, cell = { w: 0, h: 0 };
  function lay() {
    const wide = grid.clientWidth - 16;
    per = Math.max(2, Math.floor(wide / (state.size + 10)));
    if (wide < 500) per = Math.max(2, Math.min(per, 3));
    cell = { w: wide / per, h: (wide / per - 10) * 9 / 16 + 38 };
    inner.style.height = `${Math.ceil(total / per) * cell.h + 16}px`;
    for (const tile of tiles.values()) tile.remove();
    tiles.clear();
    seen();
  }
  function seen() {
    const first = Math.max(0, Math.floor(grid.scrollTop / cell.h) - 1) * per;
    const last = Math.min(total, (Math.ceil((grid.scrollTop + grid.clientHeight) / cell.h) + 1) * per);
    for (const [at, tile] of tiles) if (at < first || at >= last) { tile.remove(); tiles.delete(at); }
    for (let at = first; at < last; at++) {
      if (!rows.has(at)) { load(Math.floor(at / PAGE)); continue; }
      if (!tiles.has(at)) { const tile = made(at); tiles.set(at, tile); inner.append(tile); }
    }
    if (!total && !inner.querySelector(".empty")) inner.replaceChildren(h("div", { class: "empty" }, h("b", {}, "No frame is like that"), "Take a filter away."));
    else if (total) inner.querySelector(".empty")?.remove();
  }
  const load = tried(async (which) => {
    const own = asked;
    if (waiting.has(which)) return;
    waiting.add(which);
    try {
      const answer = await ask(`${out(name)}/rows`, { where: state.where, sort: state.sort, down: state.down, held: state.held, start: which * PAGE, count: PAGE });
      if (own === asked) { answer.rows.forEach((row, at) => rows.set(which * PAGE + at, row)); seen(); }
    } finally { waiting.delete(which); }
  });
  function made(at) {
    const row = rows.get(at);
    const flags = (row.flags && row.flags !== "ok") ? row.flags.split(",").map(words).join(", ") : "";
    const hand = row.corrected && row.corrected !== "none";
    return h("div", { class: `tile${at === state.chosen ? " chosen" : ""}`, role: "option", id: `tile${at}`, "aria-selected": String(at === state.chosen), "aria-setsize": total, "aria-posinset": at + 1,
      "aria-label": `${short(row.frame_id)}${flags ? `, ${flags}` : ""}${hand ? ", corrected" : ""}`,
      style: { left: `${8 + (at % per) * cell.w}px`, top: `${8 + Math.floor(at / per) * cell.h}px`, width: `${cell.w - 10}px`, height: `${cell.h - 10}px` },
      onclick: () => { state.chosen = at; go("frame", name, row.frame_id); } },
    h("img", { src: thumb(name, row.frame_id, { v: told.version }), alt: "", loading: "lazy", draggable: false }), flags && h("span", { class: "badge" }, flags), hand && h("span", { class: "badge hand" }, row.corrected === "hand" ? "corrected" : "spread"),
    h("span", { class: "name" }, h("span", {}, short(row.frame_id)), row.alike !== undefined && h("b", { class: "num" }, number(row.alike))));
  }
  function choose(at) {
    if (!total) return;
    state.chosen = Math.max(0, Math.min(total - 1, at));
    const top = Math.floor(state.chosen / per) * cell.h;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + cell.h + 8 > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + cell.h + 8 - grid.clientHeight;
    seen();
    for (const [n, tile] of tiles) { tile.classList.toggle("chosen", n === state.chosen); tile.setAttribute("aria-selected", String(n === state.chosen)); }
    grid.setAttribute("aria-activedescendant", `tile${state.chosen}`);
  }
  const like = tried(async () => {
    const row = rows.get(state.chosen);
    if (!row) return;
    state.found = (await ask(`${out(name)}/search`, { like: row.frame_id })).rows;
    fresh();
  });
  const byWords = tried(async () => {
    if (!search.value) { search.focus(); return say("write into the search field what the picture shows, then press w"); }
    state.found = (await ask(`${out(name)}/search`, { words: search.value })).rows;
    fresh();
  });
  grid.addEventListener("scroll", seen);
  const watch = new ResizeObserver(later(lay, 60));
  watch.observe(grid);
  bind({
    "←": ["the frame before", () => choose(state.chosen - 1)], "→": ["the next frame", () => choose(state.chosen + 1)], "↑": ["the row above", () => choose(state.chosen - per)], "↓": ["the row below", () => choose(state.chosen + per)],
    PageDown: ["a page down", () => choose(state.chosen + per * Math.floor(grid.clientHeight / cell.h))], PageUp: ["a page up", () => choose(state.chosen - per * Math.floor(grid.clientHeight / cell.h))],
    Home: ["the first frame", () => choose(0)], End: ["the last frame", () => choose(total - 1)],
    Enter: ["open the frame", () => rows.get(state.chosen) && go("frame", name, rows.get(state.chosen).frame_id)],
    "/": ["find text", () => search.focus()], l: ["frames that look like this one", like], w: ["frames that fit the words in the search field", byWords], s: ["the shots", () => go("shots", name)],
  });
  search.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") grid.focus(); });
  await fresh();
  if (state.chosen) choose(state.chosen);
  return () => watch.disconnect();
}

export const neighbours = (name) => memory.get(name);
