/* The page: one panel for each trace, and one slider over the steps of all. */

const COLOURS = { state: "state", entropies: "entropy", doubt: "doubt", log_mass: "mass that the constraint forbids" };

class Panel {
  constructor(trace, name, goTo) {
    this.trace = trace;
    this.at = 0;
    this.position = new PositionView(trace);
    this.canvas = new CanvasView(trace, name, (position) => this.position.show(trace.steps[this.at], position));
    this.structure = new StructureView(trace, name);
    this.curves = new CurvesView(trace, name, goTo);
    const facts = [trace.error ? `failed: ${trace.error}` : `outcome: ${trace.outcome}`, counted(trace.steps.length, "step"),
      trace.log_prob === null || trace.log_prob === undefined ? null : `log P ${nats(trace.log_prob, 2)} nats`,
      trace.timings.total ? `${(trace.timings.total * 1000).toFixed(0)} ms` : null, trace.kind === "steps" ? "steps alone: ask for trace=\"full\" to see more" : null];
    this.root = el("article", { class: "panel", "aria-label": name }, el("h2", { dir: "auto" }, name),
      trace.prompt ? el("p", { class: "prompt", dir: "auto" }, el("strong", {}, "Prompt: "), visible(trace.prompt)) : null,
      el("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
      el("div", { class: "columns" }, el("div", { class: "left" }, this.canvas.root, this.position.root), this.structure.root), this.curves.root, this.events());
  }

  events() {
    const { refusals, restarts, race, commitments, constraint, notes } = this.trace, parts = [];
    const list = (title, items) => items.length && parts.push(el("details", { open: title === "Refused" || null }, el("summary", {}, `${title} (${items.length})`), el("ul", {}, ...items.map((item) => el("li", { dir: "auto" }, item)))));
    list("Refused", refusals.map((one) => `canvas ${one.block}, step ${one.step}: ${visible(one.reason)} — ${visible(one.text)}`));
    list("Began again", restarts.map((one) => `canvas ${one.block} behind step ${one.step}`));
    list("Committed", commitments.map((one) => `canvas ${one.block} at step ${one.step}, ${one.outcome}: ${visible(utf8.decode(bytesOf(this.trace, one.ids)))}`));
    list("Starts that raced", race.map((one) => `step ${one.step}: start ${one.start} (${one.width} tokens), log mass ${nats(one.mass, 2)}, ${one.fate}: ${visible(one.text)}`));
    if (constraint) list("Constraint", [visible(constraint), ...notes.map(visible)]);
    return el("section", { class: "events" }, ...parts);
  }

  show(at, colour) {
    this.at = Math.min(at, this.trace.steps.length - 1);
    const step = this.trace.steps[this.at], before = this.at > 0 ? this.trace.steps[this.at - 1] : null;
    this.canvas.show(step, before, colour);
    this.structure.show(step, before);
    this.position.show(step, this.canvas.active);
    this.curves.show(this.at);
  }

  get step() { return this.trace.steps[this.at]; }
}

function names(traces) {
  return traces.map((trace, at) => (traces.length === 1 ? "Generation" : `Run ${at + 1}`) + (trace.constraint ? "" : " (without a constraint)"));
}

function legend() {
  return el("ul", { class: "legend", "aria-label": "States of tokens" }, ...Object.entries(STATES).filter(([key]) => key !== "plain")
    .map(([key, [name, means]]) => el("li", {}, el("span", { class: `token ${key}`, "aria-hidden": "true" }, "Aa"), ` ${name}: ${means}`)),
  el("li", {}, el("span", { class: "token accepted changed", "aria-hidden": "true" }, "Aa"), " changed since the step before"));
}

class Page {
  constructor(traces) {
    const called = names(traces);
    this.last = Math.max(...traces.map((trace) => trace.steps.length)) - 1;
    this.at = 0;
    this.panels = traces.map((trace, at) => new Panel(trace, called[at], (step) => this.go(step)));
    this.compare = traces.length > 1 ? new CompareView(traces, called) : null;
    this.slider = el("input", { type: "range", min: "0", max: String(this.last), value: "0", id: "step", "aria-label": "Step", oninput: () => this.go(Number(this.slider.value)) });
    this.told = el("output", { for: "step" });
    this.live = el("p", { class: "hidden", role: "status" });
    this.playing = null;
    this.button = el("button", { type: "button", onclick: () => this.play() }, "Play");
    const has = (key) => key === "state" || traces.some((trace) => trace.steps.some((step) => step[key]?.length));
    this.colour = el("select", { onchange: () => this.go(this.at) }, ...Object.entries(COLOURS).filter(([key]) => has(key)).map(([key, name]) => el("option", { value: key }, name)));
    const theme = el("button", { type: "button", onclick: () => this.theme() }, "Light / dark");
    const controls = el("div", { class: "controls", role: "group", "aria-label": "Steps" }, this.button, this.slider, this.told, el("label", {}, "Colour by ", this.colour), theme);
    document.getElementById("page").replaceChildren(controls, this.live, el("details", { class: "legends", open: true }, el("summary", {}, "States of tokens"), legend()),
      ...(this.compare ? [this.compare.root] : []), el("div", { class: `panels ${traces.length > 1 ? "several" : ""}` }, ...this.panels.map((panel) => panel.root)));
    document.addEventListener("keydown", (event) => this.key(event));
    this.redraw();
    let waiting = null;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => this.redraw(), 200); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    const asked = Number(new URLSearchParams(location.hash.slice(1)).get("step"));
    this.go(asked > 0 ? asked - 1 : this.last);
  }

  redraw() { for (const panel of this.panels) panel.curves.draw(); }

  theme() {
    const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.redraw();
  }

  go(at) {
    this.at = Math.min(Math.max(at, 0), this.last);
    this.slider.value = String(this.at);
    for (const panel of this.panels) panel.show(this.at, this.colour.value);
    this.compare?.show(this.panels.map((panel) => panel.step));
    const step = this.panels[0].step, text = `step ${this.at + 1} of ${this.last + 1}`;
    this.told.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    if (this.playing === null) this.live.textContent = `${text}: ${utf8.decode(draftBytes(this.panels[0].trace, step)).slice(0, 300)}`;
  }

  play() {
    if (this.playing !== null) return this.stop();
    if (this.at === this.last) this.go(0);
    this.button.textContent = "Pause";
    this.playing = setInterval(() => (this.at < this.last ? this.go(this.at + 1) : this.stop()), 400);
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    this.button.textContent = "Play";
    this.go(this.at);
  }

  key(event) {
    if (event.target !== document.body || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -1e9, End: 1e9 };
    if (event.key in moves) this.go(this.at + moves[event.key]);
    else if (event.key === " ") this.play();
    else return;
    event.preventDefault();
  }
}

readTraces().then((traces) => {
  new Page(traces);
  document.documentElement.dataset.ready = "yes";
}, (error) => {
  document.getElementById("page").replaceChildren(el("p", { role: "alert" }, `The trace cannot be shown: ${error}`));
});
