#!/usr/bin/env node
// Looks like daprd to whoever starts it: takes its flags, is ready for outbound calls, ends when told. Tells by /told what it was told.
import { createServer } from 'node:http';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const flags = process.argv.slice(2);
const flag = (name) => flags[flags.indexOf(name) + 1];
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const files = (folder) => Object.fromEntries(readdirSync(folder).map((name) => [name, read(join(folder, name))]));
const told = () => ({
  flags,
  tokens: [process.env.DAPR_API_TOKEN, process.env.APP_API_TOKEN],
  resources: files(flag('--resources-path')),
  configuration: read(flag('--config')),
});

createServer((request, response) => {
  response.statusCode = request.url === '/told' ? 200 : 204;
  response.end(request.url === '/told' ? JSON.stringify(told()) : undefined);
  if (request.url === '/v1.0/shutdown') setTimeout(() => process.exit(), 10);
}).listen(Number(flag('--dapr-http-port')), '127.0.0.1');
