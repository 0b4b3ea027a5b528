import { connect } from "@nats-io/transport-node";
import { readArgument } from "../readArgument.js";
import { measurePromises } from "./measureCalls.js";
import { payloadText } from "./payload.js";

const { natsUrl, noAsyncTraces } = readArgument();
const connection = await connect({ servers: natsUrl, noAsyncTraces });
await measurePromises(() => connection.request("bench.echo", payloadText));
