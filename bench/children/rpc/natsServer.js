import { connect } from "@nats-io/transport-node";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";

// The minimum: it echoes messages without parsing them.
const connection = await connect({ servers: readArgument().natsUrl, noAsyncTraces: true });
connection.subscribe("bench.echo", { callback: (_error, message) => message.respond(message.data) });
await connection.flush();
ready(0);
