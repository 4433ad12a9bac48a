// Calls a method of a server that it knows by reflection only. Needs eng/node.sh install, and no proto file. Messages are JSON
// with the field names of the proto files; a method that takes a stream takes an array; a method that answers a stream prints a line for each.
//
//   node tests/Conformance/Reflecting/call.mjs 127.0.0.1:5081 grpc.health.v1.Health/Check '{"service": ""}'
//   node tests/Conformance/Reflecting/call.mjs 127.0.0.1:5081 --token TOKEN package.Service/Method '{"name": "..."}'
import { parseArgs } from 'node:util';
import grpc from '@grpc/grpc-js';
import { load, reflect } from './service.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { token: { type: 'string' } } });
const [address, path, json = '{}'] = positionals;
const [serviceName, methodName] = (path ?? '').split('/');
if (!methodName) {
  console.error("usage: node call.mjs HOST:PORT package.Service/Method ['{json}'] [--token TOKEN]");
  process.exit(2);
}

/** Prints the answers of one call; resolves with its status. */
function call(Service, method, request, metadata) {
  const client = new Service(address, grpc.credentials.createInsecure());
  const print = (message) => console.log(JSON.stringify(message));
  return new Promise((resolve) => {
    const given = method.requestStream ? [] : [request];
    const done = method.responseStream ? [] : [(_, response) => response && print(response)];
    const running = client[methodName](...given, metadata, ...done);
    if (method.responseStream) running.on('data', print).on('error', () => {});
    running.on('status', (status) => setImmediate(resolve, status));
    if (!method.requestStream) return;
    for (const message of [request].flat()) running.write(message);
    running.end();
  });
}

/** A misspelt field would be left out silently. */
function checkFields(message, { type: { name, field } }) {
  const known = field.map((one) => one.name);
  const strange = Object.keys(message).find((key) => !known.includes(key));
  if (strange) throw new Error(`${name} has no field ${strange}; it has ${known.join(', ')}.`);
}

try {
  const { reflection } = await reflect(address);
  const Service = await load(reflection, serviceName);
  const method = Service.service[methodName];
  if (!method) throw new Error(`${serviceName} has no method ${methodName}.`);
  const metadata = new grpc.Metadata();
  if (values.token) metadata.add('authorization', `Bearer ${values.token.trim()}`);
  const request = JSON.parse(json);
  [request].flat().forEach((message) => checkFields(message, method.requestType));
  const { code, details } = await call(Service, method, request, metadata);
  if (code !== grpc.status.OK) throw new Error(`${grpc.status[code]}: ${details}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
process.exit();
