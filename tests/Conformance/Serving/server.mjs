// An official server whose calls say in the metadata "x-do" what they want; see the handlers. Hears
//   { listen: port, options, key, certificate }   and says { port },
//   { goOn: true }                                to let calls that hold go on,
//   { shutdown: true }                            to stop in order, and says { stopped: true } when that is through,
//   { pings: true }                               and says how many keepalive pings were sent and answered.
// It says { cancelled, deadline } of its own accord when a call that waits is cancelled.
import { pings } from '../Peers/pings.mjs';
import { answerAll, say } from '../Peers/talk.mjs';
import { grpc, TestService } from '../Peers/testing.mjs';
import { encodeStatus } from '../Peers/details.mjs';

const payload = (size) => ({ body: Buffer.alloc(size) });
const released = () => new Promise((resolve) => (release = resolve));
let release = () => {};
let waiting = [];

const unaryHandlers = {
  /** Answers as many bytes as asked for. */
  answer: (call, done) => done(null, { payload: payload(call.request.responseSize) }),

  /** Sends all metadata with a- back, before and after the message. */
  echo(call, done) {
    const echoed = new grpc.Metadata();
    for (const key of Object.keys(call.metadata.getMap()).filter((name) => name.startsWith('a-') || name === 'user-agent'))
      for (const value of call.metadata.get(key)) echoed.add(key === 'user-agent' ? 'seen-user-agent' : key, value);
    call.sendMetadata(echoed);
    done(null, {}, echoed);
  },

  /** Refuses with the status of the request; with the details in metadata, if any. */
  refuse(call, done) {
    const { code, message } = call.request.responseStatus;
    const metadata = new grpc.Metadata();
    const [details] = call.metadata.get('x-details');
    if (details) metadata.add('grpc-status-details-bin', encodeStatus({ code, message, details: JSON.parse(details) }));
    done({ code, details: message, metadata });
  },

  /** Never answers; says so when the caller goes. */
  wait(call) {
    const deadline = call.getDeadline();
    const left = deadline === Infinity ? null : deadline - Date.now();
    call.on('cancelled', () => say({ cancelled: true, deadline: left }));
  },

  /** Answers when as many calls as asked for are here. */
  meet(call, done) {
    waiting.push(done);
    if (waiting.length === call.request.responseSize) {
      waiting.forEach((answer) => answer(null, {}));
      waiting = [];
    }
  },
};

const service = {
  emptyCall: (call, done) => done(null, {}),

  unaryCall: (call, done) => unaryHandlers[call.metadata.get('x-do')[0] ?? 'answer'](call, done),

  /** One message, and one more when told to go on. */
  async streamingOutputCall(call) {
    call.write({});
    if (call.metadata.get('x-do')[0] === 'wait') {
      call.on('cancelled', () => say({ cancelled: true, deadline: null }));
      return;
    }
    await released();
    call.write({});
    call.end();
  },

  streamingInputCall(call, done) {
    let size = 0;
    call.on('data', (request) => (size += request.payload.body.length));
    call.on('end', () => done(null, { aggregatedPayloadSize: size }));
  },
};

let server;

function listen({ listen: port, options = {}, key, certificate }) {
  server = new grpc.Server(options);
  server.addService(TestService.service, service);
  const credentials = key
    ? grpc.ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) }])
    : grpc.ServerCredentials.createInsecure();
  return new Promise((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve({ port: bound }))));
}

await answerAll((told) => {
  if ('listen' in told) return listen(told);
  if (told.pings) return pings;
  if (told.goOn) release();
  if (told.shutdown) server.tryShutdown((error) => say({ stopped: !error }));
  return { done: true };
});
process.exit();
