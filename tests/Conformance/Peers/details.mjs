// google.rpc.Status and its details, by the proto files that our runtime holds.
import protobuf from 'protobufjs';

const protos = new URL('../../../services/Shared/Grpc/Protos/', import.meta.url).pathname;
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith('google/protobuf/') ? target : protos + target);
root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);

const Status = root.lookupType('google.rpc.Status');
const prefix = 'type.googleapis.com/';

/** The status in a trailer, with each detail by the name of its type. */
export function decodeStatus(bytes) {
  const { code, message, details } = Status.decode(bytes);
  return {
    code,
    message,
    details: details.map(({ type_url: url, value }) => {
      const type = root.lookupType(url.slice(prefix.length));
      return { [type.name]: type.toObject(type.decode(value), { longs: Number }) };
    }),
  };
}

/** The bytes of a status; details are given as decodeStatus returns them. */
export function encodeStatus({ code, message, details }) {
  const any = details.map((detail) => {
    const [[name, value]] = Object.entries(detail);
    const type = root.lookupType(`google.rpc.${name}`);
    return { type_url: prefix + type.fullName.slice(1), value: type.encode(type.fromObject(value)).finish() };
  });
  return Buffer.from(Status.encode(Status.fromObject({ code, message, details: any })).finish());
}
