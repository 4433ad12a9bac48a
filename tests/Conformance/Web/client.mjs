// The gRPC-Web transport of connect-web calls our server. It learns of both as JSON: { address, descriptors }, the latter a
// FileDescriptorSet in base64, so that no code is generated. It says one line for each case: { case, passed, detail }.
import assert from 'node:assert/strict';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

const { address, descriptors } = JSON.parse(process.argv[2]);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64')));
const transport = createGrpcWebTransport({ baseUrl: address });
const client = createClient(registry.getService('grpc.testing.TestService'), transport);
const nobody = createClient(registry.getService('grpc.testing.UnimplementedService'), transport);

const sizes = [31415, 9, 2653, 58979];
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';

const asking = (...wanted) => ({ responseParameters: wanted.map((size) => ({ size })) });

async function all(stream) {
  const responses = [];
  for await (const response of stream) responses.push(response);
  return responses;
}

async function failure(call) {
  try {
    await call();
  } catch (error) {
    return ConnectError.from(error);
  }
  assert.fail('The call should have failed.');
}

async function failsWith(code, message, call) {
  const error = await failure(call);
  assert.equal(Code[error.code], Code[code], error.message);
  if (message !== null) assert.equal(error.rawMessage, message);
}

/** Options of a call that sends the metadata, and what comes back of it. */
function echo() {
  const seen = {};
  return {
    seen,
    headers: { 'x-grpc-test-echo-initial': 'test_initial_metadata_value', 'x-grpc-test-echo-trailing-bin': Buffer.from('ababab', 'hex').toString('base64') },
    onHeader: (headers) => (seen.initial = headers.get('x-grpc-test-echo-initial')),
    onTrailer: (trailers) => (seen.trailing = trailers.get('x-grpc-test-echo-trailing-bin')),
  };
}

async function statusAndMessage(message) {
  const responseStatus = { code: Code.Unknown, message };
  await failsWith(Code.Unknown, message, () => client.unaryCall({ responseStatus }));
  await failsWith(Code.Unknown, message, () => all(client.streamingOutputCall({ responseStatus })));
  await failsWith(Code.Unknown, message, () => all(client.streamingOutputCall({ ...asking(1), responseStatus })));
}

const cases = {
  async empty_unary() {
    assert.deepEqual(Object.keys(await client.emptyCall({})), ['$typeName']);
  },
  async large_unary() {
    const response = await client.unaryCall({ responseSize: 314159, payload: { body: new Uint8Array(271828) } });
    assert.equal(response.payload.body.length, 314159);
  },
  async server_streaming() {
    assert.deepEqual((await all(client.streamingOutputCall(asking(...sizes)))).map((response) => response.payload.body.length), sizes);
  },
  async custom_metadata() {
    const expected = { initial: 'test_initial_metadata_value', trailing: 'q6ur' };
    const [unary, streaming] = [echo(), echo()];
    await client.unaryCall({ responseSize: 1 }, unary);
    await all(client.streamingOutputCall(asking(1), streaming));
    assert.deepEqual([unary.seen, streaming.seen], [expected, expected]);
  },
  status_code_and_message: () => statusAndMessage('test status message'),
  special_status_message: () => statusAndMessage(special),
  unimplemented_method: () => failsWith(Code.Unimplemented, null, () => client.unimplementedCall({})),
  unimplemented_service: () => failsWith(Code.Unimplemented, 'Service is unimplemented.', () => nobody.unimplementedCall({})),
  async cancel_after_first_response() {
    const abort = new AbortController();
    const received = [];
    await failsWith(Code.Canceled, null, async () => {
      const request = { responseParameters: [{ size: 31415 }, { size: 1, intervalUs: 30_000_000 }] };
      for await (const response of client.streamingOutputCall(request, { signal: abort.signal })) {
        received.push(response.payload.body.length);
        abort.abort();
      }
    });
    assert.deepEqual(received, [31415]);
  },
  async timeout_on_sleeping_server() {
    const request = { responseParameters: [{ size: 1, intervalUs: 30_000_000 }] };
    await failsWith(Code.DeadlineExceeded, null, () => all(client.streamingOutputCall(request, { timeoutMs: 1 })));
  },
  // Not in the list: the server's own end of a call, where the client would wait.
  async deadline_kept_by_the_server() {
    const request = { responseParameters: [{ size: 1 }, { size: 1, intervalUs: 30_000_000 }] };
    await failsWith(Code.DeadlineExceeded, 'The deadline has passed.', () => all(client.streamingOutputCall(request, { headers: { 'grpc-timeout': '100m' } })));
  },
};

for (const [name, run] of Object.entries(cases)) {
  let detail = '';
  try {
    await run();
  } catch (error) {
    detail = error.stack ?? String(error);
  }
  console.log(JSON.stringify({ case: name, passed: detail === '', detail }));
}
console.log(JSON.stringify({ case: null }));
