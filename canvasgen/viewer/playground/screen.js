/* The page: the form, the canvas as it forms, the result. */

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const field = (label, input, hint) => el("div", { class: "field" }, el("label", { for: input.id }, label), input, hint ? el("p", { class: "hint", id: `${input.id}-hint` }, hint) : null);
const options = (pairs) => pairs.map(([value, label]) => el("option", { value }, label));

class Screen {
  constructor() {
    this.model = "canvasgen";
    this.prompt = el("textarea", { id: "prompt", rows: "3", spellcheck: "false" });
    this.kind = el("select", { id: "kind", onchange: () => this.example() }, ...options(Object.entries(KINDS).map(([kind, { label }]) => [kind, label])));
    this.examples = el("select", { id: "examples", onchange: () => this.example(this.examples.value) });
    this.constraint = el("textarea", { id: "constraint", rows: "12", spellcheck: "false", oninput: () => this.check(), "aria-describedby": "constraint-problem" });
    this.problem = el("p", { id: "constraint-problem", class: "problem", role: "alert" });
    const number = (id, attributes) => el("input", { id, type: "number", ...attributes });
    this.seed = number("seed", { step: "1" });
    this.max_tokens = number("max_tokens", { min: "1", step: "1" });
    this.temperature = number("temperature", { min: "0", step: "0.1" });
    this.quality = el("select", { id: "quality" }, ...options([["", "the model's own"], ["fast", "fast"], ["balanced", "balanced"], ["best", "best"]]));
    this.probabilities = el("input", { id: "probabilities", type: "checkbox" });
    this.key = el("input", { id: "key", type: "password", autocomplete: "off" });
    this.run = el("button", { type: "submit", class: "main" }, "Generate");
    this.halt = el("button", { type: "button", disabled: true, onclick: () => this.aborting?.abort() }, "Stop");
    this.said = el("p", { role: "status", class: "hint" });
    const copy = (name, make) => el("button", { type: "button", onclick: () => this.copy(name, make) }, name);
    this.form = el("form", { class: "panel", onsubmit: (event) => { event.preventDefault(); this.generate(); } }, el("h2", {}, "Ask"),
      field("Prompt", this.prompt),
      el("div", { class: "pair" }, field("Constraint", this.kind), field("Examples", this.examples)),
      field("Its text", this.constraint), this.problem,
      el("div", { class: "pair" }, field("Seed", this.seed), field("Most tokens", this.max_tokens), field("Temperature", this.temperature), field("Quality", this.quality)),
      el("p", {}, el("label", {}, this.probabilities, " probabilities of choice-like fields")),
      el("details", {}, el("summary", {}, "API key"), field("Key, if the server asks for one", this.key, "It is kept on this page alone: no link and no copied code has it.")),
      el("p", { class: "buttons" }, this.run, this.halt),
      el("p", { class: "buttons", role: "group", "aria-label": "Copy" }, copy("Copy as Python", () => asPython(this.asked)), copy("Copy as curl", () => asCurl(this.asked, this.model)), copy("Copy as openai client", () => asOpenai(this.asked, this.model)), copy("Copy link", () => this.link())),
      this.said);
    this.title = el("p", { class: "hint" }, "Nothing was generated yet.");
    this.canvas = el("pre", { id: "canvas", tabindex: "0", role: "region", "aria-label": "Canvas", dir: "auto" });
    this.result = el("div", { id: "result" });
    this.main = document.getElementById("page");
    this.main.replaceChildren(this.form, el("section", { class: "panel", "aria-label": "Answer" }, el("h2", {}, "The canvas"), this.title, this.canvas, this.result));
    this.kind.value = "schema";
    this.example();
    this.start();
  }

  async start() {
    try {
      if (location.hash.startsWith("#p=")) this.asked = await fromFragment(location.hash.slice(3));
    } catch {
      this.said.textContent = "The link cannot be read; here is an example instead.";
    }
    try {
      const found = await (await fetch("v1/models", { headers: this.headers })).json();
      this.model = found.data?.[0]?.id ?? this.model;
    } catch { /* asked again with the first request */ }
    document.documentElement.dataset.ready = "yes";
  }

  get headers() {
    return { "Content-Type": "application/json", ...(this.key.value ? { Authorization: `Bearer ${this.key.value}` } : {}) };
  }

  get asked() {
    const names = ["prompt", "kind", "constraint", "seed", "max_tokens", "temperature", "quality"];
    return { ...Object.fromEntries(names.map((name) => [name, this[name].value])), probabilities: this.probabilities.checked };
  }

  set asked(given) {
    if (given.kind) { this.kind.value = given.kind; this.example(); }
    for (const [name, value] of Object.entries(given)) if (name === "probabilities") this.probabilities.checked = value; else this[name].value = value;
    this.check();
  }

  example(name) {
    const { examples } = KINDS[this.kind.value], chosen = name ?? Object.keys(examples)[0];
    if (name === undefined) this.examples.replaceChildren(...options(Object.keys(examples).map((one) => [one, one])));
    const [prompt, constraint] = examples[chosen];
    this.prompt.value = prompt;
    this.constraint.value = typeof constraint === "string" ? constraint : JSON.stringify(constraint, null, 2);
    this.constraint.disabled = this.kind.value === "none";
    this.check();
  }

  /* JSON is read while it is typed; what it means is for the server to say. */
  check() {
    this.tell("");
    try {
      constraintOf(this.asked);
      return true;
    } catch (error) {
      this.tell(`no JSON yet: ${error.message}`);
      return false;
    }
  }

  tell(problem) {
    this.problem.textContent = problem;
    this.constraint.setAttribute("aria-invalid", problem ? "true" : "false");
  }

  async link() {
    history.replaceState(null, "", `#p=${await toFragment(this.asked)}`);
    return location.href;
  }

  async copy(name, make) {
    if (!this.check()) { this.said.textContent = "The constraint is no JSON yet."; return; }
    const text = await make();
    try {
      await navigator.clipboard.writeText(text);
      this.said.textContent = `${name}: copied.`;
    } catch {
      this.said.textContent = `${name}: the browser does not let pages copy here; take it from the box below.`;
    }
    this.result.replaceChildren(el("pre", { class: "code", tabindex: "0", role: "region", "aria-label": name }, text));
  }

  async generate() {
    if (!this.check()) { this.constraint.focus(); return; }
    this.aborting = new AbortController();
    this.run.disabled = true;
    this.halt.disabled = false;
    this.result.replaceChildren();
    this.canvas.replaceChildren();
    this.title.textContent = "waiting …";
    this.begun = performance.now();
    this.last = "";
    try {
      const response = await fetch("v1/chat/completions", { method: "POST", headers: this.headers, body: JSON.stringify(bodyOf(this.asked, this.model)), signal: this.aborting.signal });
      if (!response.ok) this.failed((await response.json()).error ?? { message: `status ${response.status}` });
      else for await (const event of eventsOf(response)) this.happened(event);
    } catch (error) {
      if (error.name === "AbortError") this.title.textContent = "stopped";
      else this.failed({ message: String(error.message ?? error) });
    } finally {
      this.run.disabled = false;
      this.halt.disabled = true;
    }
  }

  happened(event) {
    if (event.error) { this.failed(event.error); return; }
    const choice = event.choices?.[0];
    if (!choice) return;
    const draft = choice.delta["x-diffusion-draft"];
    if (draft) {
      this.draw(draft.text);
      this.title.textContent = `canvas ${draft.block}, step ${draft.step}, ${(performance.now() - this.begun).toFixed(0)} ms`;
    }
    if (choice.delta.content) { this.text = (this.text ?? "") + choice.delta.content; }
    if (choice.finish_reason) this.finished(choice);
    if (choice.delta.role) this.text = "";
  }

  /* A draft, with what changed since the last one marked. */
  draw(text) {
    const parts = Diff.diffChars(this.last.slice(0, 4000), text.slice(0, 4000)).filter((part) => !part.removed);
    this.canvas.replaceChildren(...parts.map((part) => (part.added && this.last ? el("ins", {}, part.value) : document.createTextNode(part.value))), text.slice(4000));
    this.last = text;
  }

  finished(choice) {
    const facts = choice.canvasgen ?? {}, took = performance.now() - this.begun;
    this.canvas.textContent = this.text;
    const steps = (facts.steps ?? []).reduce((sum, one) => sum + one, 0);
    this.title.textContent = [facts.outcome ?? choice.finish_reason, `${steps} step${steps === 1 ? "" : "s"}`, `${took.toFixed(0)} ms`, facts.log_prob === undefined ? "" : `log P ${facts.log_prob.toFixed(2).replace(/^-(?=0\.00$)/, "").replace("-", "−")} nats`].filter(Boolean).join(" · ");
    const parts = [];
    if (Array.isArray(facts.value) && Array.isArray(facts.value[0]))
      parts.push(el("table", { class: "grid" }, el("caption", {}, "Value"), el("tbody", {}, ...facts.value.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, String(cell))))))));
    else if (facts.value !== undefined && typeof facts.value === "object" && facts.value !== null)
      parts.push(el("pre", { class: "code", tabindex: "0", role: "region", "aria-label": "Value" }, JSON.stringify(facts.value, null, 2)));
    for (const [name, shares] of Object.entries(facts.probabilities ?? {})) {
      const rows = Object.entries(shares).sort((one, other) => other[1] - one[1]).slice(0, 12);
      parts.push(el("table", { class: "shares" }, el("caption", {}, `Probabilities of ${name || "the answer"}`), el("tbody", {}, ...rows.map(([option, share]) => el("tr", {}, el("th", { scope: "row" }, option), el("td", { class: "number" }, `${(100 * share).toFixed(1)} %`), el("td", { class: "bar", "aria-hidden": "true" }, el("span", { style: `width:${(100 * share).toFixed(1)}%` })))))));
    }
    this.result.replaceChildren(...parts);
  }

  /* An error, at the place that it is about. */
  failed(error) {
    this.title.textContent = "failed";
    const { at } = KINDS[this.kind.value], path = error.param ?? "";
    if (at && path.startsWith(at)) {
      const inner = `$${path.slice(at.length)}`;
      this.tell(`${inner === "$" ? "" : `${inner}: `}${error.message}`);
      const place = KINDS[this.kind.value].json ? placeOf(this.constraint.value, inner) : null;
      this.constraint.focus();
      if (place) this.constraint.setSelectionRange(...place);
    } else this.result.replaceChildren(el("p", { class: "problem", role: "alert" }, `${path ? `${path}: ` : ""}${error.message}`));
  }
}

new Screen();
