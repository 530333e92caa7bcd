/* The texts of two runs beside each other, with what differs marked; jsdiff finds it, by words. */

class CompareView {
  constructor(traces, names) {
    this.traces = traces;
    const choice = (label, chosen) => el("label", {}, `${label} `, el("select", { onchange: () => this.draw() },
      ...names.map((name, at) => el("option", { value: String(at), selected: at === chosen }, name))));
    this.first = choice("first", 0);
    this.second = choice("second", 1);
    this.shown = el("div", { class: "sides" });
    this.root = el("section", { class: "compare panel", "aria-label": "Difference of two runs" }, el("h2", {}, "Difference of two runs"), el("p", { class: "choices" }, this.first, this.second), this.shown);
  }

  show(steps) {
    this.steps = steps;
    this.draw();
  }

  draw() {
    const numbers = [this.first, this.second].map((label) => Number(label.querySelector("select").value));
    const texts = numbers.map((number) => visible(utf8.decode(draftBytes(this.traces[number], this.steps[number]))));
    const sides = [el("pre", { dir: "auto" }), el("pre", { dir: "auto" })];
    for (const part of Diff.diffWordsWithSpace(texts[0], texts[1])) {
      if (!part.added) sides[0].append(part.removed ? el("del", {}, part.value) : part.value);
      if (!part.removed) sides[1].append(part.added ? el("ins", {}, part.value) : part.value);
    }
    const same = texts[0] === texts[1];
    this.shown.replaceChildren(...sides, el("p", { class: "note" }, same ? "The two texts are the same at these steps." : "Struck through: only in the first. Underlined: only in the second."));
  }
}
