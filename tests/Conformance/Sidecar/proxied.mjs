// An official gRPC client that calls an app through its sidecar. Hears { unary: size, metadata } and says { size, headers, trailers } or
// { code }; hears { stream: [sizes], metadata }, writes a message when the one before is answered, and says { sizes } or { sizes, code }.
import { answerAll, args } from '../Peers/talk.mjs';
import { grpc, TestService } from '../Peers/testing.mjs';

const client = new TestService(`127.0.0.1:${args.port}`, grpc.credentials.createInsecure());
const payload = (size) => ({ body: Buffer.alloc(size) });

function metadataOf(pairs) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(pairs ?? {})) metadata.set(name, value);
  return metadata;
}

const unary = (size, metadata) =>
  new Promise((resolve) => {
    const answer = {};
    const call = client.unaryCall({ payload: payload(size) }, metadata, (error, response) => {
      Object.assign(answer, error ? { code: error.code } : { size: response.payload.body.length });
    });
    call.on('metadata', (headers) => (answer.headers = headers.getMap()));
    call.on('status', (status) => resolve({ ...answer, trailers: status.metadata.getMap() }));
  });

const stream = (wanted, metadata) =>
  new Promise((resolve) => {
    const sizes = [];
    const call = client.fullDuplexCall(metadata);
    const next = () => (sizes.length < wanted.length ? call.write({ payload: payload(wanted[sizes.length]) }) : call.end());
    call.on('data', (message) => {
      sizes.push(message.payload.body.length);
      next();
    });
    call.on('error', () => {});
    call.on('status', ({ code }) => resolve({ sizes, code }));
    next();
  });

await answerAll(({ unary: size, stream: sizes, metadata }) =>
  sizes ? stream(sizes, metadataOf(metadata)) : unary(size, metadataOf(metadata)),
);
process.exit();
