// Validates manifests against the schemas of Kubernetes itself (kubernetes-models) and of the kinds in crds.json, and values
// against the schema of their chart. Reads JSON from stdin: { manifests: { name: [...] }, values: { name: {...} }, schema }.
// Prints one line for each violation.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "../node_modules");
const ajv = new Ajv({ allErrors: true, strict: false });
const customKinds = new Map(Object.entries(JSON.parse(readFileSync(join(here, "crds.json"), "utf8"))).map(([kind, schema]) => [kind, ajv.compile(schema)]));

const explain = errors => errors.map(error => `${error.instancePath || "/"} ${error.message}${error.params?.additionalProperty ? ` (${error.params.additionalProperty})` : ""}`);

// The validators let unknown fields pass, as the API server's schemas do; their declarations name every field that there is.
const declarations = new Map();
function fieldsOf(file, type) {
  const key = `${file}#${type}`;
  if (!declarations.has(key)) declarations.set(key, readFields(file, type));
  return declarations.get(key);
}

function readFields(file, type) {
  const text = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
  const body = text.match(new RegExp(`export interface ${type} [^{]*{([^]*?)\\n}`))?.[1];
  if (body === undefined) return undefined;
  const imports = new Map([...text.matchAll(/import \{ (\w+) \} from "([^"]+)"/g)].map(([, name, from]) => [name, from]));
  const fields = new Map();
  for (const [, name, declared] of body.matchAll(/^ {4}"([^"]+)"\??: ([^{;]+|\{[^}]*\});/gm)) {
    const inner = declared.match(/^Array<(\w+)>$/)?.[1] ?? declared.match(/\[key: string\]: (\w+);/)?.[1] ?? declared;
    const from = imports.get(inner);
    fields.set(name, from && { ...locate(file, from), isMap: declared.startsWith("{") });
  }
  return fields;
}

function locate(file, from) {
  const path = from.startsWith(".") ? join(dirname(file), from.replace(/\.js$/, ".d.ts")) : join(packages, `${from}.d.ts`);
  return { file: path, type: `I${path.match(/(\w+)\.d\.ts$/)[1]}` };
}

function* unknownFields(value, file, type, at) {
  const fields = fieldsOf(file, type);
  if (!fields || typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const field = fields.get(key);
    if (!fields.has(key)) yield `${at}/${key} is no field of ${type.slice(1)}`;
    else if (field) {
      const parts = Array.isArray(inner) ? inner.map((part, index) => [index, part]) : field.isMap ? Object.entries(inner) : [["", inner]];
      for (const [index, part] of parts) yield* unknownFields(part, field.file, field.type, `${at}/${key}${index === "" ? "" : `/${index}`}`);
    }
  }
}

async function* violations(manifest) {
  const kind = `${manifest.apiVersion}/${manifest.kind}`;
  const custom = customKinds.get(kind);
  if (custom) {
    if (!custom(manifest)) yield* explain(custom.errors);
    return;
  }
  const declared = join(packages, "kubernetes-models", manifest.apiVersion, `${manifest.kind}.d.ts`);
  let model;
  try {
    model = (await import(`kubernetes-models/${manifest.apiVersion}`))[manifest.kind];
  } catch {
    model = undefined;
  }
  if (!model) {
    yield "is of a kind that neither Kubernetes nor crds.json knows";
    return;
  }
  try {
    new model(manifest).validate();
  } catch (invalid) {
    yield invalid.message;
  }
  yield* unknownFields(manifest, declared, `I${manifest.kind}`, "");
}

const input = JSON.parse(readFileSync(0, "utf8"));
for (const [name, manifests] of Object.entries(input.manifests ?? {})) {
  for (const manifest of manifests) {
    for await (const violation of violations(manifest)) console.log(`${name}: ${manifest.kind}/${manifest.metadata?.name}: ${violation}`);
  }
}
if (input.schema) {
  const validate = ajv.compile(input.schema);
  for (const [name, values] of Object.entries(input.values ?? {})) {
    if (!validate(values)) for (const violation of explain(validate.errors)) console.log(`${name}: ${violation}`);
  }
}
