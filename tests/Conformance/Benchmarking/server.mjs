// The server of the benchmark's gRPC scenario on the official JavaScript implementation. Says its port.
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const definition = protoLoader.loadSync(new URL('../../Benchmarks/Protos/bench.proto', import.meta.url).pathname);
const { BenchService } = grpc.loadPackageDefinition(definition).customerinsights.bench.v1;
const server = new grpc.Server();

server.addService(BenchService.service, {
  call: (call, answer) => answer(null, { body: Buffer.alloc(call.request.size) }),
  download: (call) => {
    const message = { body: Buffer.alloc(call.request.size) };
    let left = call.request.count;
    const write = () => {
      while (left > 0) {
        left -= 1;
        if (!call.write(message)) {
          call.once('drain', write);
          return;
        }
      }
      call.end();
    };
    write();
  },
});

server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  console.log(port);
});
