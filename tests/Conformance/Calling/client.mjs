// A client of the official JavaScript implementation. It learns of its cases as JSON: { port }.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const { port } = JSON.parse(process.argv[2]);
const definition = protoLoader.loadSync(new URL('../../Grpc.Tests/Protos/testing.proto', import.meta.url).pathname);
const { TestService } = grpc.loadPackageDefinition(definition).grpc.testing;
const client = new TestService(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

client.emptyCall({}, (error) => {
  console.log(JSON.stringify({ case: 'empty_unary', passed: error === null, detail: error?.message ?? '' }));
  client.close();
});
