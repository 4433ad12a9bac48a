// Metadata as JSON and back: { key: [values] }, with the bytes of binary values in base64.
import grpc from '@grpc/grpc-js';

const isBinary = (key) => key.endsWith('-bin');

export function toJson(metadata) {
  const keys = Object.keys(metadata?.getMap() ?? {});
  return Object.fromEntries(
    keys.map((key) => [key, metadata.get(key).map((value) => (isBinary(key) ? value.toString('base64') : value))]));
}

export function toMetadata(json = {}) {
  const metadata = new grpc.Metadata();
  for (const [key, values] of Object.entries(json))
    for (const value of values) metadata.add(key, isBinary(key) ? Buffer.from(value, 'base64') : value);
  return metadata;
}
