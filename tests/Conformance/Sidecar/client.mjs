// The official client over HTTP. Hears { call: "pubsub.publish", with: [arguments] } and says { result } or { failed }; of an argument
// { bytes: text } it makes a buffer. { bare: path } asks without waiting for the sidecar, as the SDK does when it looks for one.
import { answerAll, args } from '../Peers/talk.mjs';
import { CommunicationProtocolEnum, DaprClient, logger } from './quiet.mjs';

const client = new DaprClient({
  daprHost: '127.0.0.1',
  daprPort: String(args.port),
  daprApiToken: args.token,
  communicationProtocol: CommunicationProtocolEnum.HTTP,
  logger,
});

const revive = (argument) => (typeof argument?.bytes === 'string' ? Buffer.from(argument.bytes) : argument);

const show = (result) => (result?.error instanceof Error ? { error: result.error.message } : result);

async function ask({ call, with: given = [], bare }) {
  if (bare) return client.daprClient.execute(bare, null, false);
  const [block, method] = call.split('.');
  return client[block][method](...given.map(revive));
}

await answerAll(async (question) => {
  try {
    return { result: show(await ask(question)) ?? null };
  } catch (error) {
    return { failed: String(error?.message ?? error) };
  }
});
process.exit();
