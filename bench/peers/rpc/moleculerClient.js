import { readArgument } from "../../children/readArgument.js";
import { measurePromises } from "../../children/rpc/measureCalls.js";
import { payload } from "../../children/rpc/payload.js";
import { moleculerBroker } from "./moleculerBroker.js";

const broker = moleculerBroker("client", readArgument());
await broker.start();
await broker.waitForServices("bench");
await measurePromises(() => broker.call("bench.echo", payload));
