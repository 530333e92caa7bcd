/* The traces of this page: base64 of zlib of a JSON list, and what is worked out of them. No text ever becomes markup. */

const ACCEPTED = 1, FORCED = 2, FIXED = 4, TEXT = 8;
const utf8 = new TextDecoder("utf-8"), toUtf8 = new TextEncoder();

async function readTraces() {
  const packed = Uint8Array.from(atob(document.getElementById("traces").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text()).map(prepared);
}

function prepared(trace) {
  const bytes = new Map();
  for (const [id, text] of trace.tokens) bytes.set(id, toUtf8.encode(text));
  for (const [id, hex] of trace.pieces ?? []) bytes.set(id, Uint8Array.from(hex.match(/../g) ?? [], (h) => parseInt(h, 16)));
  const ends = new Set(trace.end_ids);
  const steps = trace.steps.map((step) => ({ drawn: [], spans: [], states: [], before: 0, marks: "", ...step, length: textLength(step.draft, ends) }));
  return { places: [], commitments: [], refusals: [], restarts: [], race: [], written: [], notes: [], timings: {}, ...trace, steps, bytes, ends };
}

/* Tokens of text, with the end token. */
function textLength(draft, ends) {
  const end = draft.findIndex((id) => ends.has(id));
  return end < 0 ? draft.length : end + 1;
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}

const bytesOf = (trace, ids) => joined(ids.filter((id) => !trace.ends.has(id)).map((id) => trace.bytes.get(id) ?? new Uint8Array()));

/* The ids that were taken before a step's canvas. */
function idsBefore(trace, step) {
  const blocks = trace.commitments.filter((one) => one.block < step.block);
  return trace.written.concat(...blocks.map((one) => one.ids));
}

/* The bytes of the whole text as it would be with a step's draft. */
const draftBytes = (trace, step) => joined([bytesOf(trace, idsBefore(trace, step)), bytesOf(trace, step.draft.slice(0, step.length))]);

function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) =>
    c === "\n" ? "⏎\n" : c === "\t" ? "⇥\t" : c < " " ? String.fromCharCode(0x2400 + c.charCodeAt(0)) : "�");
}

function tokenText(trace, id) {
  if (trace.ends.has(id)) return "⟨end⟩";
  const content = trace.bytes.get(id);
  if (!content || content.length === 0) return `⟨${id}⟩`;
  const text = utf8.decode(content);
  return text.includes("�") ? `⟨${Array.from(content, (b) => b.toString(16).padStart(2, "0")).join(" ")}⟩` : visible(text);
}

/* One element: its tag, attributes, and children that are texts or elements. */
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

const nats = (value, digits = 3) => (value === null || value === undefined ? "—" : Math.abs(value) >= 1e6 ? "−∞" : value.toFixed(digits).replace(/^-(?=0(\.0*)?$)/, "").replace("-", "−"));
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
const share = (value) => (value >= 0.9995 ? "100 %" : value >= 0.0995 ? `${(value * 100).toFixed(1)} %` : `${(value * 100).toFixed(2)} %`);
