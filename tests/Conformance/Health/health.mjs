// The client of grpc-health-check. Hears { check: service }, { list: true } or { watch: service }. Answers a check with { status } or
// { code }; says { watched, status } for each message of a watch and { watched, code } at its end.
import grpc from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { answerAll, args, say } from '../Peers/talk.mjs';

const Health = grpc.makeGenericClientConstructor(service, 'Health');
const client = new Health(`127.0.0.1:${args.port}`, grpc.credentials.createInsecure());

const ask = (method, request) =>
  new Promise((resolve) => client[method](request, (error, response) => resolve(error ? { code: error.code } : response)));

function watch(name) {
  client
    .watch({ service: name })
    .on('data', ({ status }) => say({ watched: name, status }))
    .on('error', () => {})
    .on('status', ({ code }) => say({ watched: name, code }));
  return { watching: name };
}

await answerAll(({ check, list, watch: watched }) => {
  if (list) return ask('list', {});
  return watched === undefined ? ask('check', { service: check }) : watch(watched);
});
process.exit();
