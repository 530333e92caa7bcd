/* The text of a step with its named parts: fields, holes, and the cells of a table as a grid. */

function spansOf(trace, step) {
  const found = [];
  for (let at = 0; at < step.spans.length; at += 3)
    found.push({ place: trace.places[step.spans[at]], start: step.spans[at + 1], stop: step.spans[at + 2] });
  return found;
}

/* The named part that most of a token's bytes belong to. */
function placeAt(trace, step, position) {
  const size = (id) => (trace.ends.has(id) ? 0 : trace.bytes.get(id)?.length ?? 0);
  let start = step.before;
  for (let at = 0; at < position; at++) start += size(step.draft[at]);
  const stop = start + size(step.draft[position]);
  let best = null, most = 0;
  for (const span of spansOf(trace, step)) {
    const shared = Math.min(stop, span.stop) - Math.max(start, span.start);
    if (shared > most) { most = shared; best = span.place; }
  }
  return best;
}

class StructureView {
  constructor(trace, name) {
    this.trace = trace;
    this.text = el("pre", { class: "text", dir: "auto", tabindex: "0", role: "region", "aria-label": `Text of ${name}` });
    this.parts = el("div", { class: "parts" });
    this.root = el("section", { class: "structure" }, el("h3", {}, "Text"), this.text, this.parts);
  }

  show(step, before) {
    const bytes = draftBytes(this.trace, step);
    const cut = (span, of) => visible(utf8.decode(of.slice(span.start, span.stop)));
    const spans = spansOf(this.trace, step);
    this.text.replaceChildren();
    let at = 0;
    for (const span of spans) {
      this.text.append(visible(utf8.decode(bytes.slice(at, span.start))));
      this.text.append(el("span", { class: `named ${span.place.kind}`, title: span.place.name }, cut(span, bytes)));
      at = span.stop;
    }
    this.text.append(visible(utf8.decode(bytes.slice(at))));
    const old = new Map();
    if (before) {
      const earlier = draftBytes(this.trace, before);
      for (const span of spansOf(this.trace, before)) if (span.place.kind !== "key") old.set(span.place.name, cut(span, earlier));
    }
    const values = spans.filter((span) => span.place.kind !== "key").map((span) => ({ place: span.place, value: cut(span, bytes) }));
    this.parts.replaceChildren();
    if (this.trace.grid) this.parts.append(this.grid(values, old));
    else if (values.length) this.parts.append(this.list(values, old));
  }

  list(values, old) {
    const rows = values.map(({ place, value }) => {
      const changed = old.size > 0 && old.get(place.name) !== value;
      return el("tr", { class: changed ? "changed" : null }, el("th", { scope: "row" }, place.name || "value"), el("td", {}, place.kind), el("td", { dir: "auto" }, value, changed ? el("span", { class: "note" }, " changed") : ""));
    });
    return el("table", { class: "values" }, el("caption", {}, "Named parts"), el("thead", {}, el("tr", {}, ...["name", "kind", "text"].map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows));
  }

  grid(values, old) {
    const { rows, columns, given = [], regions = [] } = this.trace.grid, cells = new Map(values.map(({ place, value }) => [`${place.row},${place.column}`, { place, value }]));
    const isGiven = new Set(given.map(([row, column]) => `${row},${column}`));
    const region = (row, column) => regions[row * columns.length + column];
    const differs = (row, column, above, left) => regions.length > 0 && (above < 0 || left < 0 || region(row, column) !== region(above, left));
    const body = rows.map((name, row) => el("tr", {}, el("th", { scope: "row" }, name), ...columns.map((_, column) => {
      const found = cells.get(`${row},${column}`), key = `${row},${column}`;
      const changed = found && old.size > 0 && old.get(found.place.name) !== found.value;
      const classes = [isGiven.has(key) ? "given" : "", changed ? "changed" : "", differs(row, column, row - 1, column) ? "top" : "", differs(row, column, row, column - 1) ? "left" : ""].filter(Boolean).join(" ");
      return el("td", { class: classes || null, dir: "auto" }, found ? found.value : "·");
    })));
    return el("table", { class: "grid" }, el("caption", {}, "Cells; given ones are bold, those that changed are marked"), el("thead", {}, el("tr", {}, el("td"), ...columns.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...body));
  }
}
