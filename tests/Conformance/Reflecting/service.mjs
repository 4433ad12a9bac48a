// What a server says about itself by reflection, for callers without its proto files.
import grpc from '@grpc/grpc-js';
import { GrpcReflection } from 'grpc-js-reflection-client';

const format = { keepCase: true, enums: String, longs: String, bytes: String, defaults: true };
const loading = new Map();

/** A connection to the reflection of a server. It asks for version 1, and for the older one of a server without that. */
export async function reflect(address, version = 'v1') {
  const reflection = new GrpcReflection(address, grpc.credentials.createInsecure(), {}, version);
  try {
    return { reflection, services: await reflection.listServices() };
  } catch (error) {
    if (version === 'v1' && String(error.message).includes('UNIMPLEMENTED')) return reflect(address, 'v1alpha');
    throw error;
  }
}

/** The client class of a service, made of what the server says. */
export async function load(reflection, service) {
  if (!loading.has(service)) loading.set(service, reflection.getDescriptorBySymbol(service));
  const definitions = (await loading.get(service)).getPackageObject(format);
  const found = service.split('.').reduce((scope, name) => scope?.[name], definitions);
  if (!found?.service) throw new Error(`${service} is no service.`);
  return found;
}
