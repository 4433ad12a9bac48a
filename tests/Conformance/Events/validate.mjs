// Validates an AsyncAPI document against the schema that its authors publish (@asyncapi/specs), its references, and events
// against what it says of their topics. Takes a JSON file: { document, events: { topic: [event, ...] } }. Prints one line for
// each violation.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";

const { document, events } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const packages = join(dirname(fileURLToPath(import.meta.url)), "../node_modules");
const schema = JSON.parse(readFileSync(join(packages, `@asyncapi/specs/schemas/${document.asyncapi}-without-$id.json`), "utf8"));
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
const explain = errors => errors.map(error => `${error.instancePath || "/"} ${error.message}${error.params?.additionalProperty ? ` (${error.params.additionalProperty})` : ""}`);

const isDocument = ajv.compile(schema);
if (!isDocument(document)) for (const violation of explain(isDocument.errors)) console.log(`document: ${violation}`);

function* references(node, at) {
  if (typeof node !== "object" || node === null) return;
  if (typeof node.$ref === "string") yield [at, node.$ref];
  for (const [key, inner] of Object.entries(node)) yield* references(inner, `${at}/${key}`);
}

const resolves = reference => reference.startsWith("#/") && reference.slice(2).split("/").reduce((node, part) => node?.[part], document) !== undefined;
for (const [at, reference] of references(document, "")) if (!resolves(reference)) console.log(`document: ${at} refers to ${reference}, which is not there`);

ajv.addSchema(document, "document");
for (const [topic, examples] of Object.entries(events ?? {})) {
  const isEvent = ajv.compile({ $ref: `document#/components/messages/${topic}/payload` });
  for (const event of examples) if (!isEvent(event)) for (const violation of explain(isEvent.errors)) console.log(`${topic}: ${violation}`);
}
