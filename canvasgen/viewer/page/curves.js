/* Curves over the steps, drawn by uPlot, and the same figures as a table. */

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* Pixels of the labels of a vertical axis: "-1,000" is wider than uPlot's own 50 leave it. */
const widthOf = (_, labels) => Math.max(50, 20 + 8 * Math.max(0, ...(labels ?? []).map((label) => label.length)));

class CurvesView {
  constructor(trace, name, onStep) {
    this.trace = trace;
    this.onStep = onStep;
    this.at = 0;
    this.plots = [];
    this.charts = el("div", { class: "charts" });
    this.table = el("details", {}, el("summary", {}, "Figures by step"), this.figures());
    this.root = el("section", { class: "curves", "aria-label": `Curves of ${name}` }, this.charts, this.table);
    this.name = name;
  }

  figures() {
    const rows = this.trace.steps.map((step) => el("tr", {}, el("th", { scope: "row" }, `${step.block}.${step.step}`),
      ...[nats(step.mean_entropy, 4), nats(step.log_partition), nats(step.log_prob), nats(step.mean_log_mass), String(step.accepted), `${step.temperature.toFixed(2)}`, `${(step.seconds * 1000).toFixed(0)} ms`].map((text) => el("td", { class: "number" }, text))));
    const names = ["canvas.step", "mean entropy", "log Z", "log P(draft)", "mean log mass", "accepted", "temperature", "time"];
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Figures by step" }, el("table", { class: "values" }, el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows)));
  }

  draw() {
    for (const plot of this.plots) plot.destroy();
    this.charts.replaceChildren();
    const wanted = [];
    const steps = this.trace.steps, x = steps.map((_, at) => at + 1);
    const known = (key) => steps.map((step) => step[key] ?? null);
    wanted.push(["Mean entropy in nats", x, [["mean entropy", known("mean_entropy"), "--curve-1"]]]);
    wanted.push(["Accepted positions", x, [["accepted", known("accepted"), "--curve-2"]]]);
    if (steps.some((step) => (step.log_partition ?? null) !== null))
      wanted.push(["log Z: the model's mass on valid canvases", x, [["log Z", known("log_partition"), "--curve-1"], ["log P(draft)", known("log_prob"), "--curve-3"]]]);
    const figures = wanted.map((chart) => this.figure(...chart)); // all of them are there before one is measured
    this.plots = wanted.map((chart, at) => this.chart(figures[at], ...chart));
  }

  figure(title, x, lines) {
    const last = (values) => values[values.length - 1];
    const told = lines.map(([name, values]) => `${name} from ${nats(values[0])} to ${nats(last(values))}`).join(", ");
    const figure = el("figure", { role: "img", "aria-label": `${title} over ${counted(x.length, "step")}: ${told}` });
    this.charts.append(figure);
    return figure;
  }

  chart(figure, title, x, lines) {
    const ink = colourOf("--ink"), grid = colourOf("--line");
    const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
    return new uPlot({
      width: Math.max(figure.clientWidth, 240), height: 170, title, legend: { show: lines.length > 1, live: false },
      scales: { x: { time: false, range: [1, Math.max(x.length, 2)] } },
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, { ...axis, size: widthOf }],
      series: [{}, ...lines.map(([label, , colour], at) => ({ label, stroke: colourOf(colour), width: 2, dash: at ? [6, 4] : undefined, points: { show: x.length < 40, size: 5 } }))],
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: {
        draw: [(u) => {
          const at = Math.round(u.valToPos(this.at + 1, "x", true)), { ctx, bbox } = u;
          ctx.save();
          ctx.strokeStyle = colourOf("--accent");
          ctx.lineWidth = 2 * devicePixelRatio;
          ctx.setLineDash([]);
          ctx.beginPath();
          ctx.moveTo(at, bbox.top);
          ctx.lineTo(at, bbox.top + bbox.height);
          ctx.stroke();
          ctx.restore();
        }],
        ready: [(u) => u.over.addEventListener("click", () => { if (u.cursor.idx !== null) this.onStep(u.cursor.idx); })],
      },
    }, [x, ...lines.map(([, values]) => values)], figure);
  }

  show(at) {
    this.at = at;
    for (const plot of this.plots) plot.redraw(false, false);
  }
}
