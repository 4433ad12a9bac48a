// The official SDK, with its log where it does not disturb: standard output is for the test.
import dapr from '@dapr/dapr';

const write = (...words) => console.error(...words.map(String));

export const { CommunicationProtocolEnum, DaprClient, DaprPubSubStatusEnum, DaprServer, LogLevel } = dapr;
export const logger = { level: LogLevel.Warn, service: { error: write, warn: write, info: write, verbose: write, debug: write } };
