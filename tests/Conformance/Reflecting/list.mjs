// Lists what a server offers, by reflection. Needs eng/node.sh install, and no proto file.
//
//   node tests/Conformance/Reflecting/list.mjs 127.0.0.1:5081                 every service with its methods
//   node tests/Conformance/Reflecting/list.mjs 127.0.0.1:5081 SEGMENT         only services whose name contains that
import { load, reflect } from './service.mjs';

const [address, wanted = '', version] = process.argv.slice(2);
if (!address) {
  console.error('usage: node list.mjs HOST:PORT [part of a service name]');
  process.exit(2);
}

try {
  const { reflection, services } = await reflect(address, version);
  for (const name of services.filter((service) => service.toLowerCase().includes(wanted.toLowerCase()))) {
    console.log(name);
    const { service } = await load(reflection, name);
    for (const [method, { requestStream, responseStream, requestType, responseType }] of Object.entries(service)) {
      const type = (streams, { type: { name: message } }) => `${streams ? 'stream ' : ''}${message}`;
      console.log(`  ${method} (${type(requestStream, requestType)}) returns (${type(responseStream, responseType)})`);
    }
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
process.exit();
