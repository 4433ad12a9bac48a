// Counts the keepalive pings of this process: the official implementation says nothing about them while they are answered.
import http2 from 'node:http2';

export const pings = { sent: 0, answered: 0 };

function watch(session) {
  const ping = session.ping.bind(session);
  session.ping = (done) => {
    pings.sent++;
    return ping((error, ...rest) => {
      if (!error) pings.answered++;
      done(error, ...rest);
    });
  };
  return session;
}

function replace(name, make) {
  const original = http2[name];
  Object.defineProperty(http2, name, { value: make(original) });
}

replace('connect', (connect) => (...options) => watch(connect(...options)));
replace('createServer', (create) => (...options) => create(...options).on('session', watch));
