// The official implementation, and the test service of the interoperability cases.
import zlib from 'node:zlib';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const path = new URL('../../Grpc.Tests/Protos/testing.proto', import.meta.url).pathname;

export { grpc };

export const { TestService, UnimplementedService } =
  grpc.loadPackageDefinition(protoLoader.loadSync(path, { defaults: true })).grpc.testing;

// The official implementation tells nobody whether a message came compressed. But it must unpack those that did.
const createGunzip = zlib.createGunzip;
let unpacked = 0;
Object.defineProperty(zlib, 'createGunzip', {
  value: (...options) => {
    unpacked++;
    return createGunzip(...options);
  },
});

/** How many messages this process has unpacked. */
export const unpackedMessages = () => unpacked;
