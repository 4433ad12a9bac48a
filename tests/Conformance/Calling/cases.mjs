// The official client's side of the interoperability cases, named and described as in the gRPC project. Hears { case }.
import assert from 'node:assert/strict';
import { answerAll, args } from '../Peers/talk.mjs';
import { grpc, TestService, UnimplementedService, unpackedMessages } from '../Peers/testing.mjs';

const address = `127.0.0.1:${args.port}`;
const insecure = grpc.credentials.createInsecure();
const client = new TestService(address, insecure);
const packing = new TestService(address, insecure, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });

const requestSizes = [27182, 8, 1828, 45904];
const responseSizes = [31415, 9, 2653, 58979];
const echoInitial = 'x-grpc-test-echo-initial';
const echoTrailing = 'x-grpc-test-echo-trailing-bin';
const noCompress = 2;

const payload = (size) => ({ body: Buffer.alloc(size) });
const large = { responseSize: 314159, payload: payload(271828) };
const asking = (...sizes) => ({ responseParameters: sizes.map((size) => ({ size })) });

/** The response, error, metadata and status of a call that answers once. */
const unary = (start) =>
  new Promise((resolve) => {
    const seen = {};
    const done = () => seen.status && 'error' in seen && resolve(seen);
    const call = start((error, response) => (Object.assign(seen, { error, response }), done()));
    call.on('metadata', (metadata) => (seen.metadata = metadata));
    call.on('status', (status) => ((seen.status = status), done()));
  });

/** The same of a call that answers by stream; each message is offered to a function. */
const stream = (call, onMessage = () => {}) =>
  new Promise((resolve) => {
    const seen = { messages: [] };
    call.on('metadata', (metadata) => (seen.metadata = metadata));
    call.on('data', (message) => (seen.messages.push(message), onMessage(message, seen.messages.length)));
    call.on('error', (error) => (seen.error = error));
    call.on('status', (status) => ((seen.status = status), resolve(seen)));
  });

const sizes = (messages) => messages.map((message) => message.payload.body.length);

async function answersWith(message) {
  const responseStatus = { code: grpc.status.UNKNOWN, message };
  const { error } = await unary((done) => client.unaryCall({ responseStatus }, done));
  assert.deepEqual([error.code, error.details], [grpc.status.UNKNOWN, message]);
  const call = client.fullDuplexCall();
  call.write({ responseStatus });
  call.end();
  const { status } = await stream(call);
  assert.deepEqual([status.code, status.details], [grpc.status.UNKNOWN, message]);
}

function echoes({ metadata, status }) {
  assert.deepEqual(metadata.get(echoInitial), ['test_initial_metadata_value']);
  assert.deepEqual(status.metadata.get(echoTrailing), [Buffer.from([0xab, 0xab, 0xab])]);
}

const cases = {
  async empty_unary() {
    const { error, response } = await unary((done) => client.emptyCall({}, done));
    assert.equal(error, null);
    assert.deepEqual({ ...response }, {});
  },

  async large_unary() {
    const { response } = await unary((done) => client.unaryCall(large, done));
    assert.equal(response.payload.body.length, 314159);
  },

  async client_streaming() {
    const { response } = await unary((done) => {
      const call = client.streamingInputCall(done);
      requestSizes.forEach((size) => call.write({ payload: payload(size) }));
      call.end();
      return call;
    });
    assert.equal(response.aggregatedPayloadSize, 74922);
  },

  async server_streaming() {
    const { messages, status } = await stream(client.streamingOutputCall(asking(...responseSizes)));
    assert.deepEqual([sizes(messages), status.code], [responseSizes, grpc.status.OK]);
  },

  async ping_pong() {
    const call = client.fullDuplexCall();
    const send = (index) => call.write({ ...asking(responseSizes[index]), payload: payload(requestSizes[index]) });
    send(0);
    const { messages, status } = await stream(call, (_, count) => (count < responseSizes.length ? send(count) : call.end()));
    assert.deepEqual([sizes(messages), status.code], [responseSizes, grpc.status.OK]);
  },

  async empty_stream() {
    const call = client.fullDuplexCall();
    call.end();
    const { messages, status } = await stream(call);
    assert.deepEqual([messages, status.code], [[], grpc.status.OK]);
  },

  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set(echoInitial, 'test_initial_metadata_value');
    metadata.set(echoTrailing, Buffer.from([0xab, 0xab, 0xab]));
    echoes(await unary((done) => client.unaryCall(large, metadata, done)));
    const call = client.fullDuplexCall(metadata);
    call.write(asking(314159));
    call.end();
    echoes(await stream(call));
  },

  status_code_and_message: () => answersWith('test status message'),

  special_status_message: () => answersWith('\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n'),

  async unimplemented_method() {
    const { error } = await unary((done) => client.unimplementedCall({}, done));
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  async unimplemented_service() {
    const { error } = await unary((done) => new UnimplementedService(address, insecure).unimplementedCall({}, done));
    assert.equal(error.code, grpc.status.UNIMPLEMENTED);
  },

  async cancel_after_begin() {
    const { error } = await unary((done) => {
      const call = client.streamingInputCall(done);
      setImmediate(() => call.cancel());
      return call;
    });
    assert.equal(error.code, grpc.status.CANCELLED);
  },

  async cancel_after_first_response() {
    const call = client.fullDuplexCall();
    call.write({ ...asking(31415), payload: payload(27182) });
    const { messages, status } = await stream(call, () => call.cancel());
    assert.deepEqual([messages.length, status.code], [1, grpc.status.CANCELLED]);
  },

  async timeout_on_sleeping_server() {
    const call = client.fullDuplexCall({ deadline: Date.now() + 1 });
    call.write({ payload: payload(27182) });
    const { status } = await stream(call);
    assert.equal(status.code, grpc.status.DEADLINE_EXCEEDED);
  },

  async client_compressed_unary() {
    const expecting = (value) => ({ ...large, expectCompressed: { value } });
    const probe = await unary((done) => client.unaryCall(expecting(true), done));
    assert.equal(probe.error?.code, grpc.status.INVALID_ARGUMENT);
    const compressed = await unary((done) => packing.unaryCall(expecting(true), done));
    assert.equal(compressed.response?.payload.body.length, 314159, compressed.error?.message);
    const plain = await unary((done) => client.unaryCall(expecting(false), done));
    assert.equal(plain.response?.payload.body.length, 314159, plain.error?.message);
  },

  async client_compressed_streaming() {
    const first = { payload: payload(27182), expectCompressed: { value: true } };
    const second = { payload: payload(45904), expectCompressed: { value: false } };
    const probe = await unary((done) => {
      const call = client.streamingInputCall(done);
      call.write(first);
      call.end();
      return call;
    });
    assert.equal(probe.error?.code, grpc.status.INVALID_ARGUMENT);
    const { error, response } = await unary((done) => {
      const call = packing.streamingInputCall(done);
      // The stream hands flags on only to itself.
      call.write(first, () => call.call.sendMessageWithContext({ flags: noCompress, callback: () => call.end() }, second));
      return call;
    });
    assert.equal(response?.aggregatedPayloadSize, 73086, error?.message);
  },

  async server_compressed_unary() {
    for (const value of [true, false]) {
      const before = unpackedMessages();
      const { response } = await unary((done) => client.unaryCall({ ...large, responseCompressed: { value } }, done));
      assert.deepEqual([response.payload.body.length, unpackedMessages() - before], [314159, value ? 1 : 0]);
    }
  },

  async server_compressed_streaming() {
    const unpacked = [];
    let before = unpackedMessages();
    const call = client.streamingOutputCall({
      responseParameters: [
        { size: 31415, compressed: { value: true } },
        { size: 92653, compressed: { value: false }, intervalUs: 20000 },
      ],
    });
    const { messages } = await stream(call, () => {
      unpacked.push(unpackedMessages() - before);
      before = unpackedMessages();
    });
    assert.deepEqual([sizes(messages), unpacked], [[31415, 92653], [1, 0]]);
  },
};

await answerAll(async ({ case: name }) => {
  assert.ok(cases[name], `The script has no case ${name}.`);
  await cases[name]();
  return { passed: name };
});
process.exit();
