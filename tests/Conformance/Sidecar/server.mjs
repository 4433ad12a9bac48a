// The official server as an app of protocol gRPC. Subscribes to the topics of its arguments, { topic, deadLetterTopic, metadata } each, says
// { listening } when it listens, and { topic, data, headers } for each event. Data with a member "answer" say what it answers: a status,
// or "throw".
import { args, say } from '../Peers/talk.mjs';
import { CommunicationProtocolEnum, DaprPubSubStatusEnum, DaprServer, logger } from './quiet.mjs';

const server = new DaprServer({
  serverHost: '127.0.0.1',
  serverPort: String(args.listen),
  communicationProtocol: CommunicationProtocolEnum.GRPC,
  clientOptions: { daprHost: '127.0.0.1', daprPort: String(args.port), communicationProtocol: CommunicationProtocolEnum.HTTP },
  logger,
});

for (const { topic, deadLetterTopic, metadata } of args.topics) {
  await server.pubsub.subscribeWithOptions('pubsub', topic, {
    deadLetterTopic,
    metadata,
    callback: async (data, headers) => {
      say({ topic, data: data instanceof Uint8Array ? { bytes: Buffer.from(data).toString() } : data, headers });
      if (data?.answer === 'throw') throw new Error('as asked');
      return DaprPubSubStatusEnum[data?.answer];
    },
  });
}

await server.start();
say({ listening: true });
process.stdin.resume().on('end', () => process.exit());
