/* What is asked for: kinds of constraints with examples, the body of the request, links, and code for other clients. */

const KINDS = {
  none: { label: "free text", examples: { "a sentence": ["Alice Smith, 34 years old, lives in Paris.", ""] } },
  schema: { label: "JSON Schema", json: true, at: "$.response_format.json_schema.schema", examples: {
    "a person": ["Alice Smith, 34 years old, lives in Paris.", { type: "object", properties: { name: { type: "string" }, age: { type: "integer", minimum: 0 }, city: { type: "string" } }, required: ["name", "age", "city"], additionalProperties: false }],
    "an order": ["Order: travel mug, 2 pieces, status shipped.", { type: "object", properties: { item: { type: "string" }, count: { type: "integer" }, status: { enum: ["open", "shipped", "paid"] } }, required: ["item", "count", "status"], additionalProperties: false }],
  } },
  regex: { label: "regular expression", at: "$.structured_outputs.regex", examples: { "a mail address": ["Write to ann@lab.org, please.", "[a-z]+@[a-z]+\\.org"], "a date": ["We meet on 2026-03-14.", "\\d{4}-\\d\\d-\\d\\d"] } },
  choice: { label: "one of several", json: true, at: "$.structured_outputs.choice", examples: { "a topic": ["The lamp is broken and does not light.", ["billing", "bug", "praise"]] } },
  grammar: { label: "grammar (Lark)", at: "$.structured_outputs.grammar", examples: { "a sum": ["12 plus 30", "start: NUMBER (\" + \" NUMBER)+\nNUMBER: /[0-9]{1,3}/"] } },
  template: { label: "template", at: "$.canvasgen.template", examples: { "a letter": ["receiver: Laura King; item: garden chair; sender: Dora Lind", "Dear {receiver},\n{item} is ready.\nBest regards,\n{sender}"] } },
  sudoku: { label: "Sudoku", at: "$.canvasgen.table", examples: { "9 x 9": ["", "53..7....\n6..195...\n.98....6.\n8...6...3\n4..8.3..1\n7...2...6\n.6....28.\n...419..5\n....8..79"], "4 x 4": ["", "1...\n..3.\n.2..\n...4"] } },
  table: { label: "table", json: true, at: "$.canvasgen.table", examples: { "a Latin square": ["", { kind: "latin_square", puzzle: "12.............." }], "four queens": ["", { kind: "queens", size: 4 }] } },
};

/* The constraint as written -> its value; throws a SyntaxError where JSON is wrong. */
const constraintOf = ({ kind, constraint }) => (KINDS[kind].json ? JSON.parse(constraint) : constraint);

function bodyOf(asked, model) {
  const body = { model, messages: [{ role: "user", content: asked.prompt || "." }], stream: true }, own = { drafts: true };
  const value = constraintOf(asked);
  if (asked.kind === "schema") body.response_format = { type: "json_schema", json_schema: { name: "answer", schema: value } };
  else if (["regex", "choice", "grammar"].includes(asked.kind)) body.structured_outputs = { [asked.kind]: value };
  else if (asked.kind === "template") own.template = value;
  else if (asked.kind === "table") own.table = value;
  else if (asked.kind === "sudoku") own.table = { kind: "sudoku", puzzle: value };
  for (const name of ["seed", "max_tokens"]) if (asked[name] !== "") body[name] = Number(asked[name]);
  if (asked.temperature !== "") own.temperature = Number(asked.temperature);
  if (asked.quality) own.quality = asked.quality;
  if (asked.probabilities) own.probabilities = true;
  return { ...body, canvasgen: own };
}

/* Links: what is asked, as JSON, compressed, in the fragment, which browsers do not send to servers. */
async function toFragment(asked) {
  const stream = new Blob([JSON.stringify(asked)]).stream().pipeThrough(new CompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function fromFragment(fragment) {
  const bytes = Uint8Array.from(atob(fragment.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const found = JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text());
  const known = {};
  for (const name of ["prompt", "kind", "constraint", "seed", "max_tokens", "temperature", "quality"]) if (typeof found[name] === "string") known[name] = found[name];
  if (!(known.kind in KINDS)) delete known.kind;
  if (typeof found.probabilities === "boolean") known.probabilities = found.probabilities;
  return known;
}

/* A value as Python writes it. */
function python(value, indent = "") {
  const inner = `${indent}    `;
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map((one) => python(one, inner)).join(", ")}]`;
  if (typeof value === "object") return Object.keys(value).length ? `{\n${Object.entries(value).map(([key, one]) => `${inner}${JSON.stringify(key)}: ${python(one, inner)},\n`).join("")}${indent}}` : "{}";
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function asPython(asked) {
  const value = constraintOf(asked), options = [];
  const named = { schema: "schema", regex: "regex", choice: "choice", grammar: "grammar", template: "template" }[asked.kind];
  if (named) options.push(`${named}=${python(value)}`);
  if (asked.kind === "sudoku") options.push(`table=cg.sudoku(${python(value)})`);
  if (asked.kind === "table") { const { kind, ...rest } = value; options.push(`table=cg.${String(kind).replace(/\W/g, "")}(**${python(rest)})`); }
  for (const name of ["seed", "max_tokens", "temperature"]) if (asked[name] !== "") options.push(`${name}=${Number(asked[name])}`);
  if (asked.quality) options.push(`quality=${python(asked.quality)}`);
  if (asked.probabilities) options.push("probabilities=True");
  return `import canvasgen as cg\n\nengine = cg.load()\ndone = engine.complete(\n    ${[python(asked.prompt || "."), ...options].join(",\n    ")},\n)\nprint(done.value)\n`;
}

function asCurl(asked, model) {
  const { stream, ...body } = bodyOf(asked, model);
  delete body.canvasgen.drafts;
  const text = JSON.stringify(body, null, 2);
  return `curl ${location.origin}/v1/chat/completions -H 'Content-Type: application/json' --data-binary '${text.replaceAll("'", "'\\''")}'\n`;
}

function asOpenai(asked, model) {
  const { stream, messages, seed, max_tokens, response_format, structured_outputs, canvasgen } = bodyOf(asked, model);
  delete canvasgen.drafts;
  const extra = { ...(structured_outputs ? { structured_outputs } : {}), ...(Object.keys(canvasgen).length ? { canvasgen } : {}) };
  const options = [`model=${python(model)}`, `messages=${python(messages)}`];
  if (response_format) options.push(`response_format=${python(response_format, "    ")}`);
  if (seed !== undefined) options.push(`seed=${seed}`);
  if (max_tokens !== undefined) options.push(`max_tokens=${max_tokens}`);
  if (Object.keys(extra).length) options.push(`extra_body=${python(extra, "    ")}`);
  return `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="none")\nanswer = client.chat.completions.create(\n    ${options.join(",\n    ")},\n)\nprint(answer.choices[0].message.content)\n`;
}

/* Where a path such as `$.properties.age` or `$[0]` is in JSON text: [start, stop] of its value; null where it is not. */
function placeOf(text, path) {
  const steps = [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/g)].map((one) => one[1] ?? (one[2] !== undefined ? Number(one[2]) : one[3] ?? one[4]));
  let at = 0;
  const space = () => { while (/\s/.test(text[at] ?? "x")) at++; };
  const string = () => { const start = at++; while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1; at++; return JSON.parse(text.slice(start, at)); };
  const skip = () => {
    space();
    if (text[at] === '"') { string(); return; }
    if (text[at] !== "{" && text[at] !== "[") { while (at < text.length && !/[,\]}\s]/.test(text[at])) at++; return; }
    for (let depth = 0; at < text.length; ) {
      if (text[at] === '"') { string(); continue; }
      if ("{[".includes(text[at])) depth++;
      else if ("}]".includes(text[at]) && --depth === 0) { at++; return; }
      at++;
    }
  };
  for (const step of steps) {
    space();
    const isList = text[at] === "[";
    if (!isList && text[at] !== "{") return null;
    at++;
    for (let number = 0; ; number++) {
      space();
      if (at >= text.length || "]}".includes(text[at])) return null;
      let key = number;
      if (!isList) { key = string(); space(); at++; }
      if (key === step) break;
      skip();
      space();
      if (text[at] === ",") at++;
    }
  }
  space();
  const start = at;
  skip();
  return [start, at];
}
