// Decisions of a set by keyboard, thresholds fitted to them; and who is who.
import { ask, bind, h, layer, number, say, short, thumb, tried, words } from "./base.js";

export async function decide(main, name) {
  const path = `/sets/${encodeURIComponent(name)}`;
  let told = await ask(path);
  let at = 0, only = "", written = Promise.resolve();
  const list = h("div", { class: "list", role: "listbox", "aria-label": "Frames, the least sure first" });
  const one = h("section", { class: "one", "aria-live": "polite" });
  const rows = () => told.rows.filter((row) => !only || (only === "open" ? !row.said : only === "said" ? row.said : (row.said || row.strategy) === only));
  function draw() {
    const all = rows();
    at = Math.max(0, Math.min(all.length - 1, at));
    const from = Math.max(0, at - 40);
    list.replaceChildren(...all.slice(from, from + 160).map((row, n) => h("button", { role: "option", "aria-selected": String(from + n === at), onclick: () => { at = from + n; draw(); } },
      told.output ? h("img", { src: thumb(told.output, row.frame_id), alt: "", loading: "lazy" }) : h("span"), h("span", {}, h("b", {}, words(row.said || row.strategy)), h("br"), h("small", { class: row.said ? "good" : "dim" }, row.said ? (row.said === row.strategy ? "accepted" : `was ${words(row.strategy)}`) : `sure ${number(row.confidence)}`)))));
    list.children[at - from]?.scrollIntoView({ block: "nearest" });
    const row = all[at];
    if (!row) { one.replaceChildren(h("div", { class: "empty" }, h("b", {}, "Nothing here"))); return; }
    one.replaceChildren(told.output ? h("img", { src: layer(told.output, row.frame_id, "whole"), alt: `Frame ${short(row.frame_id)}` }) : h("p", { class: "dim" }, "The output of this set is not on the desk: start it with both."),
      h("h2", {}, words(row.said || row.strategy)), h("div", { class: "why" }, ...row.reasoning.split(" | ").map((part) => h("span", {}, part))),
      h("div", { class: "row" }, h("button", { class: "main", onclick: () => put(row.strategy) }, "Accept"), ...told.strategies.map((strategy, n) => h("button", { "aria-pressed": String(row.said === strategy), title: `key ${n + 1}`, onclick: () => put(strategy) }, `${n + 1}  ${words(strategy)}`)), h("button", { class: "warn", "aria-pressed": String(row.said === "none"), onclick: () => put("none") }, "Reject"), row.said && h("button", { onclick: () => put("") }, "As it was")),
      h("table", { class: "facts", style: { maxWidth: "28rem" } }, h("tbody", {}, ...Object.entries(row).filter(([key]) => !["strategy", "said", "reasoning"].includes(key)).map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, words(key)), h("td", { class: "num" }, number(value)))))));
  }
  const put = tried(async (strategy) => {
    const row = rows()[at];
    if (!row) return;
    const before = row.said;
    row.said = strategy;
    if (strategy && only !== "open") at++;
    head();
    draw();
    // who decides faster than the desk writes decides the next frame, not this one again
    const said = written.then(() => ask(path, { frame_id: row.frame_id, strategy }));
    written = said.catch(() => {});
    try { await said; } catch (wrong) { row.said = before; head(); draw(); throw wrong; }
  });
  const fit = tried(async () => {
    const found = await ask(`${path}/tune`, {});
    const box = h("dialog", { "aria-label": "Thresholds" }, h("h1", {}, found.taken ? "Thresholds that decide more like you" : "No better thresholds were found"), h("p", {}, `Of ${found.held} decisions held back the rules agree with ${Math.round(found.agreed[0] * 100)} % now and ${Math.round(found.agreed[1] * 100)} % with these.`),
      h("table", { class: "facts" }, h("tbody", {}, ...Object.entries(found.changed).map(([key, [from, to]]) => h("tr", {}, h("th", { scope: "row" }, words(key)), h("td", { class: "num" }, `${number(from)} → ${number(to)}`))))), h("p", { class: "dim" }, "Written to ", h("code", {}, found.file), ": curate thresholds=FILE takes it."), h("pre", { class: "command mono" }, found.text), h("p", {}, h("button", { class: "main", onclick: () => box.close() }, "Close")));
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
  });
  const aim = () => {
    const told = h("div", { class: "col" });
    const given = h("textarea", { rows: 7, class: "mono", "aria-label": "Scores by trait", spellcheck: false, placeholder: '{"close_up": 0.95, "medium": 0.2, "full_body": 0.4, "long": 0.15,\n "complex_bg": 0.2, "occlusion": 0.1, "multi_character": 0.1}' });
    const find = tried(async () => {
      let scores;
      try { scores = JSON.parse(given.value); } catch { throw new Error("that is no JSON: {\"long\": 0.15, \"close_up\": 0.95}"); }
      const found = await ask(`${path}/aim`, { scores });
      told.replaceChildren(h("ul", {}, ...found.traits.map((trait) => h("li", {}, trait.reason))), h("table", { class: "facts" }, h("tbody", {}, ...Object.entries(found.targets).map(([key, share]) => h("tr", {}, h("th", { scope: "row" }, words(key)), h("td", { class: "num" }, `${Math.round(share * 100)} % of the set`))), ...Object.entries(found.needs).map(([key, need]) => h("tr", {}, h("th", { scope: "row" }, `need of ${words(key)}`), h("td", { class: "num" }, number(need)))))), h("p", { class: "dim" }, "Written to ", h("code", {}, found.file), ": curate thresholds=FILE takes it."));
    });
    const box = h("dialog", { "aria-label": "Aim at a validation result" }, h("h1", {}, "How did a model trained on this set score?"), h("p", {}, "By trait, as JSON; shares or percent. What it is bad at, the next set has more of, as far as there are such frames."), given, h("p", { class: "row" }, h("button", { class: "main", onclick: find }, "What does the set lack?"), h("button", { onclick: () => box.close() }, "Close")), told);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
  };
  const bar = h("div", { class: "bar" });
  function head() {
    const said = told.rows.filter((row) => row.said).length;
    bar.replaceChildren(h("h1", {}, name), h("select", { "aria-label": "Which frames", onchange: (e) => { only = e.target.value; at = 0; draw(); } }, ...[["", "all frames"], ["open", "not looked at"], ["said", "decided by hand"], ...[...told.strategies, "none"].map((one) => [one, words(one)])].map(([value, text]) => h("option", { value, selected: value === only }, text))), h("span", { class: "dim num", role: "status" }, `${said} of ${told.rows.length} decided by hand`), h("span", { class: "grow" }), h("button", { onclick: fit, disabled: said < 8, title: said < 8 ? "after 8 decisions" : "" }, "Fit thresholds to this"), h("button", { onclick: aim }, "Aim at a result"));
  }
  head();
  main.replaceChildren(h("div", { style: { display: "flex", flexDirection: "column", height: "100%" } }, bar, h("div", { class: "decide", style: { flex: 1, minHeight: 0 } }, list, one)));
  draw();
  bind({ "↓": ["the next frame", () => { at++; draw(); }], "↑": ["the frame before", () => { at--; draw(); }], Enter: ["accept", () => put(rows()[at]?.strategy)], a: ["accept", () => put(rows()[at]?.strategy)], r: ["reject", () => put("none")], u: ["as it was", () => put("")], ...Object.fromEntries(told.strategies.map((strategy, n) => [String(n + 1), [words(strategy), () => put(strategy)]])) });
}

export async function people(main, name) {
  const path = `/casts/${encodeURIComponent(name)}`;
  let told = await ask(path);
  const chosen = new Set();
  const body = h("div", { class: "people" });
  const sheet = (track) => `/api${path}/picture?track=${encodeURIComponent(track)}`;
  const move = tried(async (tracks, to) => { told = await ask(path, { do: "move", tracks, to }); chosen.clear(); draw(); });
  const dress = tried(async (tracks, outfit) => { told = await ask(path, { do: "dress", tracks, outfit }); chosen.clear(); say(outfit ? `an outfit: ${outfit}` : "the usual outfit"); draw(); });
  const rename = tried(async (old, now) => { if (now && now !== old) { told = await ask(path, { do: "rename", old, new: now }); say(`${old} is ${now}`); } draw(); });
  function draw() {
    const names = told.characters.map((one) => one.name);
    const tools = h("div", { class: "row" }, h("span", { class: "dim num", role: "status" }, chosen.size ? `${chosen.size} pictures chosen` : "choose pictures, or drag them to another character"),
      chosen.size > 0 && h("select", { "aria-label": "Move the chosen pictures to", onchange: (e) => e.target.value && move([...chosen], e.target.value) }, h("option", { value: "" }, "move to …"), ...[...new Set([...names, "unknown"])].map((one) => h("option", {}, one))),
      chosen.size > 0 && h("button", { onclick: () => { const to = prompt("Name of the new character"); if (to) move([...chosen], to); } }, "to a new character"),
      chosen.size > 0 && h("button", { title: "the same character in other clothes: a set of the character knows them apart", onclick: () => { const outfit = prompt("Which outfit do the chosen pictures show? (nothing: the usual one)"); if (outfit !== null) dress([...chosen], outfit); } }, "an outfit of theirs"));
    body.replaceChildren(tools, ...told.characters.map((who) => {
      const field = h("input", { value: who.name, "aria-label": `Name of ${who.name}`, disabled: who.name === "unknown", onchange: (e) => rename(who.name, e.target.value.trim()), onkeydown: (e) => { if (e.key === "Enter") e.target.blur(); } });
      const box = h("section", { class: who.outfit ? "who outfit" : "who", "aria-label": who.name }, h("header", {}, field, h("span", { class: "dim num" }, `${who.tracks.length} tracks, ${who.frames} frames`)), h("div", { class: "tracks" }, ...who.tracks.map((one) => h("button", { class: "track", draggable: true, "aria-pressed": String(chosen.has(one.track)), "aria-label": `${one.track}, ${one.frames} frames`, title: one.track,
        onclick: () => { if (chosen.has(one.track)) chosen.delete(one.track); else chosen.add(one.track); draw(); }, ondragstart: (e) => { e.dataTransfer.setData("text/plain", JSON.stringify(chosen.has(one.track) ? [...chosen] : [one.track])); } },
      one.folder ? h("img", { src: sheet(one.track), alt: "", loading: "lazy", draggable: false }) : h("span", { class: "none dim" }, "no picture"), h("small", { class: one.by_hand ? "good" : "" }, one.by_hand ? "by hand" : `sure ${number(one.confidence)}`)))));
      box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
      box.addEventListener("dragleave", () => box.classList.remove("over"));
      box.addEventListener("drop", (event) => { event.preventDefault(); box.classList.remove("over"); move(JSON.parse(event.dataTransfer.getData("text/plain")), who.name); });
      return box;
    }));
  }
  main.replaceChildren(h("div", { class: "page" }, h("header", {}, h("h1", {}, name), h("span", { class: "dim" }, "A name given twice merges. Run cluster_characters again: what stands here is kept, the rest follows.")), body));
  draw();
  bind({});
}
