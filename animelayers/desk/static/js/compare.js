// Two outputs of the same frames, what differs first.
import { ask, bind, go, h, number, query, short, thumb } from "./base.js";

export async function compare(main, shelf, first, second) {
  const names = shelf.outputs.map((one) => one.name);
  const a = names.includes(first) ? first : names[0];
  const b = names.includes(second) && second !== a ? second : names.find((one) => one !== a);
  if (!b) throw new Error("there is one output on this desk: start it with two, or with the folder they lie in");
  const pick = (value, change) => h("select", { "aria-label": "Output", onchange: (e) => change(e.target.value) }, ...names.map((one) => h("option", { value: one, selected: one === value }, one)));
  const told = await ask(`/compare?${query({ a, b })}`);
  const [one, other] = await Promise.all([a, b].map((name) => ask(`/out/${encodeURIComponent(name)}/columns`)));
  let shown = 60, layer = "";
  const grid = h("div", { class: "pairs" });
  const more = h("button", { onclick: () => { shown += 60; draw(); } }, "More");
  const pair = (row) => h("button", { class: "pair card", onclick: () => go("frame", a, row.frame_id), "aria-label": `${short(row.frame_id)}, ${row.same ? "the same" : "different"}` },
    h("span", { class: "both" }, h("img", { src: thumb(a, row.frame_id, { layer, v: one.version }), alt: a, loading: "lazy" }), h("img", { src: thumb(b, row.frame_id, { layer, v: other.version }), alt: b, loading: "lazy" })),
    h("small", {}, short(row.frame_id), row.same ? "  ·  the same" : `  ·  character ${number((row.character_coverage || 0) * 100)} % of the frame, ${number(row.recompose_psnr || 0, 1)} dB apart`));
  const draw = () => { grid.replaceChildren(...told.rows.slice(0, shown).map(pair)); more.hidden = shown >= told.rows.length; };
  main.replaceChildren(h("div", { class: "page" }, h("header", {}, h("h1", {}, "Compare"), pick(a, (v) => go("compare", v, b)), h("span", { class: "dim" }, "with"), pick(b, (v) => go("compare", a, v)), h("select", { "aria-label": "Layer", onchange: (e) => { layer = e.target.value; draw(); } }, h("option", { value: "" }, "frames"), ...["character", "background", "mask"].filter((name) => one.layers.includes(name)).map((name) => h("option", { value: name }, name))), h("span", { class: "dim num", role: "status" }, `${told.total} drawings in both, ${told.total - told.same} differ`)),
    told.total ? grid : h("div", { class: "empty" }, h("b", {}, "No drawing is in both"), "They are of other films, or were cut in other ways."), h("p", {}, more)));
  draw();
  bind({});
}
