// A call in bare HTTP/2, for headers that the official client cannot be made to send. Hears { address, headers, body }, with the
// body in base64, and says the headers, body and trailers of the answer.
import http2 from 'node:http2';
import { answerAll } from '../Peers/talk.mjs';

await answerAll(async ({ address, headers, body }) => {
  const session = http2.connect(`http://${address}`);
  try {
    const stream = session.request({ ':method': 'POST', te: 'trailers', ...headers });
    const seen = { trailers: {} };
    const chunks = [];
    stream.on('response', (received) => (seen.headers = received)).on('trailers', (received) => (seen.trailers = received));
    stream.end(Buffer.from(body, 'base64'));
    for await (const chunk of stream) chunks.push(chunk);
    return { ...seen, body: Buffer.concat(chunks).toString('base64') };
  } finally {
    session.close();
  }
});
