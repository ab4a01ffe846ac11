// Start a job from a form, watch it, stop it; the same command stands beside it.
import { ask, bind, go, h, later, link, number, say, short, thumb, tried, words } from "./base.js";

const TITLES = { first: "", choices: "Choices", source: "What is read", options: "Options" };

// The shot that settings are tried on, where the form is filled for that.
const trying = (output) => { const found = JSON.parse(sessionStorage.getItem("trial") || "null"); return found && found.output === output ? found : undefined; };

export async function runs(main, shelf, [job = "decompose", ...given]) {
  const [told, { outputs, sets, places, folder, films }] = await Promise.all([ask(`/jobs?job=${encodeURIComponent(job || "decompose")}`), ask("/shelf")]);
  const filled = JSON.parse(sessionStorage.getItem(`form ${job}`) || "{}");
  given.forEach((word) => { const at = word.indexOf("="); if (at > 0) filled[word.slice(0, at)] = word.slice(at + 1); });
  const command = h("pre", { class: "command mono", "aria-label": "The equal command" }, "");
  const wrong = h("p", { class: "bad", role: "alert", style: { margin: 0 } });
  const begin = h("button", { class: "main", disabled: true, onclick: tried(async () => { await ask("/runs", { job, values: filled, trial: trying(filled.output) }); say("started"); look(); }) }, "Start");
  let asked = 0;
  const check = later(tried(async () => {
    const own = ++asked;
    const answer = await ask("/jobs/check", { job, values: filled });
    if (own !== asked) return;
    command.textContent = answer.command;
    wrong.textContent = answer.problem;
    begin.disabled = Boolean(answer.problem);
  }), 350);
  const FIRST = { "source.path": job === "decompose" ? "a film, or a folder of films" : job === "export" ? "an output, or a set made of one" : "an output: what decompose wrote", output: "where it goes: a folder" };
  const known = h("datalist", { id: "known" }, ...(job === "decompose" ? films : [...outputs.map((one) => one.path), ...sets.map((name) => places[name])]).map((value) => h("option", { value })));
  // a film goes beside the desk's others, a set beside its output, unless one says otherwise
  const suggested = (source) => { const name = source.replace(/[/]+$/, "").split("/").pop(); return job === "decompose" ? `${folder}/${name.replace(/[.][^.]+$/, "")}-layers` : `${source.replace(/[/]+$/, "")}-${{ curate: "set", cluster_characters: "who", reprocess_backgrounds: "backgrounds", export: filled.export || "kohya" }[job] || job}`; };
  let guessed = "";
  function guess() {
    const field = main.querySelector("input[aria-label=output]"), source = filled["source.path"];
    if (!field || !source || !told.fields.some((one) => one.key === "source.path") || field.value && field.value !== guessed) return;
    field.value = guessed = suggested(source);
    change("output", guessed);
  }
  const change = (key, value, usual) => {
    if (value === "" || String(value) === String(usual)) delete filled[key]; else filled[key] = String(value);
    sessionStorage.setItem(`form ${job}`, JSON.stringify(filled));
    check();
    if (key === "source.path" || key === "export") guess();
  };
  function field(one) {
    const value = filled[one.key] ?? (one.group === "first" && one.kind !== "choice" ? "" : one.value ?? "");
    const props = { "aria-label": one.key };
    const input = one.kind === "choice" ? h("select", { ...props, onchange: (e) => change(one.key, e.target.value, one.value) }, ...one.choices.map((choice) => h("option", { selected: choice === value }, choice)))
      : one.kind === "flag" ? h("input", { ...props, type: "checkbox", checked: String(value) === "true", onchange: (e) => change(one.key, e.target.checked, one.value) })
        : h("input", { ...props, type: "text", value: value ?? "", placeholder: one.group === "first" ? FIRST[one.key] : "", list: one.group === "first" && one.key !== "output" && "known", spellcheck: false, oninput: (e) => change(one.key, e.target.value, one.value) });
    return h("label", {}, h("span", { title: one.key }, one.group === "first" ? { "source.path": job === "decompose" ? "film" : "source", export: "for" }[one.key] || words(one.key) : one.key), input, one.said && h("small", {}, one.said));
  }
  const groups = Object.entries(TITLES).map(([group, title]) => {
    const fields = told.fields.filter((one) => one.group === group).map(field);
    if (!fields.length) return null;
    return title ? h("details", { open: group === "choices" && fields.length < 8 }, h("summary", {}, `${title} (${fields.length})`), h("div", { class: "form" }, ...fields)) : h("div", { class: "form" }, ...fields);
  }).filter(Boolean);
  const list = h("div", { class: "col" });
  const learned = job === "decompose" ? outputs.filter((one) => one.adapted).map((one) => h("button", { title: one.adapted, onclick: () => { for (const place of ["character.step.matte.weights", "layers.step.net.weights"]) change(`stages.${place}`, one.adapted); say(`with what ${one.name} learned`); } }, `With what ${one.name} learned`)) : [];
  main.replaceChildren(h("div", { class: "page" }, h("header", {}, h("h1", {}, "Run"), h("select", { "aria-label": "Job", onchange: (e) => go("runs", e.target.value) }, ...told.jobs.map((one) => h("option", { selected: one === job, value: one }, words(one))))),
    h("div", { class: "two" }, h("section", { class: "card col" }, known, ...groups, wrong, h("h3", {}, "The same on the command line"), command, h("div", { class: "row" }, begin, ...learned, h("button", { onclick: async () => { try { await navigator.clipboard.writeText(command.textContent); say("copied"); } catch { say("select the command and copy it"); } } }, "Copy the command"))), list)));
  check();
  guess();

  // What a run that has ended leads to.
  function next(run) {
    if (run.code !== 0 && run.code !== 3) return null;
    const made = run.output;
    const ways = { decompose: [["Look at the shots, and correct", link("shots", run.name)], ["Choose what to train on", link("runs", "curate", `source.path=${made}`, `output=${made}-set`)]],
      annotate: [["Choose what to train on", link("runs", "curate", `source.path=${made}`, `output=${made}-set`)]],
      curate: [run.set && ["Look at the decisions", link("decide", run.set)], ["Export for a trainer", link("runs", "export", `source.path=${made}`, `output=${made}-kohya`)]] }[run.job]?.filter(Boolean);
    if (run.job === "export") return h("p", { class: "next" }, h("span", {}, "It lies in ", h("code", {}, made)));
    return ways ? h("p", { class: "next" }, h("span", { class: "dim" }, "Next:"), ...ways.map(([text, href]) => h("a", { href }, text))) : null;
  }

  const running = new Set();
  const opened = new Set();
  const look = tried(async () => {
    const { runs: all } = await ask("/runs");
    for (const run of all) if (run.code === null) running.add(run.number); else if (running.delete(run.number)) dispatchEvent(new Event("shelf"));
    list.replaceChildren(...(all.length ? all.map(card) : [h("div", { class: "empty card" }, h("b", {}, "Nothing runs"), "What is started here goes on when this page is closed, and stops with the desk. A run that was stopped goes on with the same words.")]));
  });
  function card(run) {
    const going = run.code === null;
    const share = run.total ? run.done / run.total : 0;
    const log = h("details", { open: opened.has(run.number), ontoggle: (e) => (e.target.open ? opened.add(run.number) : opened.delete(run.number)) }, h("summary", {}, "What it said"), h("pre", { class: "log mono" }, run.lines.join("\n")));
    return h("article", { class: "card col", "aria-label": `Run ${run.number}` },
      h("div", { class: "row" }, h("h2", {}, `${words(run.job)} → ${short(run.output)}`), h("span", { class: `state ${going ? "running" : run.code === 0 || run.code === 3 ? "done" : "ended"}` }, run.state), h("span", { class: "grow" }), run.frames > 0 && h("a", { href: link("browse", run.name) }, "look at it"), going ? h("button", { class: "warn", onclick: tried(async () => { await ask(`/runs/${run.number}/stop`, {}); say("it stops; what is committed stays"); look(); }) }, "Stop")
        : h("button", { onclick: tried(async () => { await resume(run); look(); }) }, "Run again")),
      run.total > 0 && h("div", { class: "progress", role: "progressbar", "aria-valuenow": Math.round(share * 100), "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": run.what }, h("i", { style: { width: `${share * 100}%` } })),
      (going || run.total > 0 || run.frames > 0) && h("div", { class: "stats num" }, stat(run.total ? `${run.done} of ${run.total}` : "–", run.what || "progress"), stat(run.rate ? `${number(run.rate)}/s` : "–", `${run.unit || "frame"}s`), going && run.left && stat(run.left, "left"), stat(run.errors ?? run.failed.length, "errors"), going && stat(`${(run.memory / 1e9).toFixed(2)} GB`, "memory"), stat(run.frames ?? 0, "frames there")),
      run.newest.length > 0 && h("div", { class: "newest" }, ...run.newest.slice(-8).map((id) => h("a", { href: link("frame", run.name, id), "aria-label": `Newest frame ${short(id)}` }, h("img", { src: thumb(run.name, id, { layer: "character" }), alt: "", loading: "lazy" })))),
      run.stages?.some((one) => one.clips) && h("div", { class: "loads", "aria-label": "Load by stage" }, ...run.stages.map((one) => h("span", {}, h("span", { class: "dim" }, words(one.stage)), h("meter", { value: one.clips, min: 0, max: Math.max(1, ...run.stages.map((each) => each.clips)), "aria-label": `Clips in ${words(one.stage)}` }), h("span", { class: "num dim" }, number(one.clips))))),
      going && run.processes?.length > 0 && h("details", { open: opened.has(-run.number), ontoggle: (e) => (e.target.open ? opened.add(-run.number) : opened.delete(-run.number)) }, h("summary", {}, `Processes (${run.processes.reduce((sum, one) => sum + one.count, 0)})`), h("table", { class: "facts" }, h("tbody", {}, ...run.processes.map((one) => h("tr", {}, h("th", { scope: "row" }, one.count > 1 ? `${one.count} × ${one.name}` : one.name), h("td", { class: "num" }, `${number(one.cpus)} processors, ${(one.memory / 1e9).toFixed(2)} GB`)))))),
      run.pairs?.length > 0 && h("div", { class: "tried" }, h("b", {}, "Before, and with these settings"), ...run.pairs.map(([before, after]) => h("a", { href: link("frame", run.name, after), "aria-label": `${short(before)} before and after` }, ...[[run.before, before], [run.name, after]].map(([of, id]) => h("img", { src: thumb(of, id, { layer: "character", v: run.number }), alt: "" })))),
        h("button", { class: "main", onclick: () => { sessionStorage.setItem("form decompose", JSON.stringify(run.apply)); sessionStorage.removeItem("trial"); location.hash === "#/runs" ? go("runs", "decompose") : go("runs"); } }, "Apply to the run")),
      run.failed.length > 0 && h("details", { open: true }, h("summary", {}, `${run.failed.length} inputs failed`), h("table", { class: "facts" }, h("tbody", {}, ...run.failed.map((one) => h("tr", {}, h("th", { scope: "row" }, one.source || one.clip_id), h("td", { class: "bad" }, one.error)))))), next(run), !going && run.job === "export" && h("pre", { class: "log mono" }, run.lines.slice(-6).join("\n")), log);
  }
  const stat = (value, text) => h("span", {}, h("b", {}, value), h("span", { class: "dim" }, text));
  const resume = (run) => ask("/runs", { job: run.job, again: run.number });
  const timer = setInterval(look, 1500);
  look();
  bind({});
  return () => clearInterval(timer);
}
