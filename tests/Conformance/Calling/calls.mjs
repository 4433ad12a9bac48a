// The official client makes the calls that it is asked for. Hears one of
//   { call, address, options, root, metadata, request, payload, deadline, cancelAt }   and says how it ended,
//   { start, ... }    the same, but says the first message as soon as it is there,
//   { end: true }     and says how the started call ended,
//   { calls, ... }    and says how many of that many calls at once had which status,
//   { pings: true }   and says how many keepalive pings were sent and answered.
// "call" and "start" name a method; deadline is in milliseconds from now; cancelAt counts messages.
import { pings } from '../Peers/pings.mjs';
import { answerAll } from '../Peers/talk.mjs';
import { grpc, TestService } from '../Peers/testing.mjs';
import { decodeStatus } from '../Peers/details.mjs';
import { toJson, toMetadata } from '../Peers/metadata.mjs';

const clients = new Map();

function clientOf({ address, options = {}, root }) {
  const key = JSON.stringify([address, options]);
  if (!clients.has(key)) {
    const credentials = root ? grpc.credentials.createSsl(Buffer.from(root)) : grpc.credentials.createInsecure();
    clients.set(key, new TestService(address, credentials, { 'grpc.initial_reconnect_backoff_ms': 100, ...options }));
  }
  return clients.get(key);
}

/** Makes a call and resolves with all that its caller sees. */
function run(asked, onMessage = () => {}) {
  const client = clientOf(asked);
  const method = TestService.service[asked.call ?? asked.start ?? 'UnaryCall'];
  const options = asked.deadline ? { deadline: Date.now() + asked.deadline } : {};
  const request = { ...asked.request, payload: { body: Buffer.alloc(asked.payload ?? 0) } };
  return new Promise((resolve) => {
    const seen = { sizes: [] };
    const take = (message) => {
      seen.sizes.push(message.payload?.body.length ?? 0);
      onMessage();
      if (seen.sizes.length === asked.cancelAt) call.cancel();
    };
    const given = method.requestStream ? [] : [request];
    const done = method.responseStream ? [] : [(_, message) => message && take(message)];
    const call = client[method.originalName](...given, toMetadata(asked.metadata), options, ...done);
    call.on('metadata', (metadata) => (seen.headers = toJson(metadata)));
    if (method.responseStream) call.on('data', take).on('error', () => {});
    // The response of a call that has only one comes after its status.
    call.on('status', ({ code, details, metadata }) => setImmediate(() => resolve({ ...seen, code, details, trailers: toJson(metadata) })));
    if (method.requestStream) call.end(request);
    if (asked.cancelAt === 0) setImmediate(() => call.cancel());
  });
}

async function many(asked) {
  const statuses = {};
  const ended = await Promise.all(Array.from({ length: asked.calls }, () => run(asked)));
  for (const { code } of ended) statuses[code] = (statuses[code] ?? 0) + 1;
  return statuses;
}

let started;

await answerAll((asked) => {
  if (asked.pings) return pings;
  if (asked.calls) return many(asked);
  if (asked.end) return started;
  if (asked.start)
    return new Promise((resolve) => {
      started = run(asked, () => resolve({ started: true }));
      started.then(resolve);
    });
  return run(asked).then((seen) => {
    const details = seen.trailers['grpc-status-details-bin'];
    return details ? { ...seen, status: decodeStatus(Buffer.from(details[0], 'base64')) } : seen;
  });
});
process.exit();
