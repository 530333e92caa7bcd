/* The canvas of one trace at one step: its tokens, coloured by their state or by a figure. */

const STATES = {
  forced: ["forced", "only this token is possible"],
  fixed: ["fixed", "held a token that stays"],
  accepted: ["accepted", "goes on to the next step"],
  noise: ["renoised", "noise again in the next step; shown is the draft"],
  plain: ["draft", "the best canvas of the step"],
};

function stateOf(step, position) {
  if (!step.marks) return "plain";
  const mark = parseInt(step.marks[position], 16);
  return mark & FORCED ? "forced" : mark & FIXED ? "fixed" : mark & ACCEPTED ? "accepted" : "noise";
}

class CanvasView {
  constructor(trace, name, onPosition) {
    this.trace = trace;
    this.onPosition = onPosition;
    this.active = 0;
    this.tokens = [];
    this.committed = el("div", { class: "committed" });
    this.heading = el("h3");
    this.list = el("div", {
      class: "tokens", role: "listbox", tabindex: "0", "aria-label": `Canvas of ${name}: tokens`,
      onkeydown: (event) => this.key(event), onfocus: () => this.activate(this.active),
      onmouseover: (event) => this.hover(event), onclick: (event) => this.hover(event),
    });
    this.tail = el("p", { class: "tail" });
    this.root = el("section", { class: "canvas" }, this.committed, this.heading, this.list, this.tail);
    this.id = `canvas-${Math.random().toString(36).slice(2)}`;
    this.blocks = 0;
  }

  hover(event) {
    const at = this.tokens.indexOf(event.target.closest("[role=option]"));
    if (at >= 0) this.activate(at);
  }

  key(event) {
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.activate(Math.min(Math.max(this.active + moves[event.key], 0), this.step.length - 1));
  }

  activate(position) {
    this.tokens[this.active]?.classList.remove("active");
    this.tokens[this.active]?.setAttribute("aria-selected", "false");
    this.active = position;
    const token = this.tokens[position];
    if (!token) return;
    token.classList.add("active");
    token.setAttribute("aria-selected", "true");
    this.list.setAttribute("aria-activedescendant", token.id);
    this.onPosition(position);
  }

  show(step, before, colour) {
    this.step = step;
    this.showBlocks(step);
    this.heading.textContent = `Canvas ${step.block}, step ${step.step}${step.is_draft ? " (a first draft of the form)" : ""}`;
    while (this.tokens.length < step.length) {
      const token = el("span", { role: "option", id: `${this.id}-${this.tokens.length}`, "aria-selected": "false" });
      this.tokens.push(token);
    }
    while (this.tokens.length > step.length) this.tokens.pop().remove();
    const highest = Math.max(...(step[colour] ?? []).map((value) => Math.abs(value)), 1000);
    for (let at = 0; at < step.length; at++) {
      const token = this.tokens[at], id = step.draft[at], state = stateOf(step, at);
      const changed = before && before.block === step.block && before.draft[at] !== id;
      const text = tokenText(this.trace, id);
      token.textContent = text;
      token.className = `token ${state}${changed ? " changed" : ""}${at === this.active ? " active" : ""}`;
      const label = `${text.trim() || "space"}, ${STATES[state][0]}${changed ? ", changed" : ""}`;
      token.setAttribute("aria-label", label);
      const values = colour === "state" ? null : step[colour];
      if (values?.length) {
        token.style.setProperty("--heat", `${Math.round((60 * Math.abs(values[at])) / highest)}%`);
        token.classList.add("heat");
      } else token.style.removeProperty("--heat");
      if (!token.isConnected) this.list.append(token);
    }
    if (this.active >= step.length) this.active = 0;
    const rest = step.draft.length - step.length;
    this.tail.textContent = rest > 0 ? `${rest} positions behind the end are free.` : "";
  }

  showBlocks(step) {
    const done = this.trace.commitments.filter((one) => one.block < step.block);
    if (done.length === this.blocks && this.committed.childElementCount) return;
    this.blocks = done.length;
    this.committed.replaceChildren();
    const written = this.trace.written;
    const rows = written.length ? [["written before", written, ""], ...done.map((one) => [`canvas ${one.block}`, one.ids, one.outcome])] : done.map((one) => [`canvas ${one.block}`, one.ids, one.outcome]);
    for (const [name, ids, outcome] of rows) {
      const text = visible(utf8.decode(bytesOf(this.trace, ids)));
      this.committed.append(el("div", { class: "block" }, el("h3", {}, name, outcome ? ` · committed, ${outcome}` : ""), el("p", { dir: "auto" }, text)));
    }
  }
}

/* What is known of one position: its figures, its state of the automaton, its candidates before and after conditioning. */
class PositionView {
  constructor(trace) {
    this.trace = trace;
    this.root = el("section", { class: "position", "aria-live": "off" });
  }

  show(step, position) {
    const trace = this.trace, parts = [];
    const state = stateOf(step, position);
    parts.push(el("h3", {}, `Position ${position}: `, el("code", { dir: "auto" }, tokenText(trace, step.draft[position]))));
    const facts = [["state", `${STATES[state][0]}: ${STATES[state][1]}`], ["token id", String(step.draft[position])]];
    for (let at = 0; at < step.drawn.length; at += 2)
      if (step.drawn[at] === position) facts.push(["accepted", `a sample's token: ${tokenText(trace, step.drawn[at + 1])}`]);
    const place = placeAt(trace, step, position);
    if (place) facts.push([place.kind, place.name || "the whole text"]);
    if (step.states.length > position + 1) facts.push(["automaton", `state ${step.states[position]} → ${step.states[position + 1]}`]);
    for (const [name, key] of [["entropy", "entropies"], ["doubt", "doubt"], ["log of the allowed mass", "log_mass"]])
      if (step[key]?.length) facts.push([name, `${nats(step[key][position] / 1000)} nats`]);
    parts.push(el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", { dir: "auto" }, value)])));
    const [before, after] = candidatesAt(step, position);
    if (before.length || after.length)
      parts.push(el("div", { class: "candidates" }, this.table("the model's own", before, after), after.length ? this.table("given that the text is valid", after, []) : ""));
    this.root.replaceChildren(...parts);
  }

  table(caption, candidates, others) {
    const known = new Set(others.map(([id]) => id));
    const rows = candidates.map(([id, probability]) => {
      const gone = others.length > 0 && !known.has(id);
      return el("tr", { class: gone ? "gone" : null }, el("td", { dir: "auto" }, tokenText(this.trace, id), gone ? el("span", { class: "hidden" }, " not among those that are left") : ""),
        el("td", { class: "number" }, share(probability)), el("td", { class: "bar", "aria-hidden": "true" }, el("span", { style: `width:${(100 * probability).toFixed(1)}%` })));
    });
    return el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "token"), el("th", { scope: "col" }, "share"), el("td"))), el("tbody", {}, ...rows));
  }
}

function candidatesAt(step, position) {
  const read = (told) => {
    if (!told) return [];
    let start = 0;
    for (let at = 0; at < position; at++) start += Math.max(told.counts[at], 0);
    const stop = start + Math.max(told.counts[position], 0);
    return told.ids.slice(start, stop).map((id, at) => [id, Math.exp(told.log_probs[start + at] / 1000)]);
  };
  const before = read(step.model);
  if (!step.allowed) return [before, []];
  return [before, step.allowed.counts[position] === -1 ? before : read(step.allowed)];
}
