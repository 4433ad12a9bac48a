// The official server's side of the interoperability cases. Says { port } when it listens.
import { args, say } from '../Peers/talk.mjs';
import { grpc, TestService, unpackedMessages } from '../Peers/testing.mjs';

const echoInitial = 'x-grpc-test-echo-initial';
const echoTrailing = 'x-grpc-test-echo-trailing-bin';

const payload = (size) => ({ body: Buffer.alloc(size) });
const refusal = (status) => status && { code: status.code, details: status.message };

/** Sends the initial metadata that is asked for, and returns the trailing one. */
function echo(call) {
  const [initial, trailing] = [new grpc.Metadata(), new grpc.Metadata()];
  call.metadata.get(echoInitial).forEach((value) => initial.add(echoInitial, value));
  call.metadata.get(echoTrailing).forEach((value) => trailing.add(echoTrailing, value));
  if (call.metadata.get(echoInitial).length > 0) call.sendMetadata(initial);
  return trailing;
}

/** Compares what messages were announced as with how many had to be unpacked. Cases are called one at a time. */
class CompressionCheck {
  static #seen = 0;
  #packed = 0;

  expect(expected) {
    this.#packed += expected?.value ? 1 : 0;
    const isWrong = expected && unpackedMessages() - CompressionCheck.#seen !== this.#packed;
    return isWrong ? { code: grpc.status.INVALID_ARGUMENT, details: `A message was expected to be ${expected.value ? '' : 'un'}compressed.` } : null;
  }

  end() {
    CompressionCheck.#seen = unpackedMessages();
  }
}

function answer(call, request) {
  for (const { size } of request.responseParameters) call.write({ payload: payload(size) });
}

const service = {
  emptyCall: (call, done) => done(null, {}),

  unaryCall(call, done) {
    const trailing = echo(call);
    const check = new CompressionCheck();
    const wrong = check.expect(call.request.expectCompressed) ?? refusal(call.request.responseStatus);
    check.end();
    done(wrong, { payload: payload(call.request.responseSize) }, trailing);
  },

  streamingOutputCall(call) {
    const trailing = echo(call);
    answer(call, call.request);
    call.end(trailing);
  },

  streamingInputCall(call, done) {
    const check = new CompressionCheck();
    let size = 0;
    let wrong = null;
    call.on('data', (request) => {
      size += request.payload.body.length;
      wrong ??= check.expect(request.expectCompressed);
    });
    call.on('end', () => {
      check.end();
      done(wrong, { aggregatedPayloadSize: size });
    });
  },

  fullDuplexCall(call) {
    const trailing = echo(call);
    call.on('data', (request) => {
      const refused = refusal(request.responseStatus);
      if (refused) call.emit('error', refused);
      else answer(call, request);
    });
    call.on('end', () => call.end(trailing));
  },
};

const server = new grpc.Server();
server.addService(TestService.service, service);
server.bindAsync(`127.0.0.1:${args.port ?? 0}`, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  say({ port });
});
