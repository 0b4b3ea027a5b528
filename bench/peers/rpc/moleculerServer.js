import { readArgument } from "../../children/readArgument.js";
import { ready } from "../../children/ready.js";
import { moleculerBroker } from "./moleculerBroker.js";

const broker = moleculerBroker("server", readArgument());
broker.createService({ name: "bench", actions: { echo: ({ params }) => params } });
await broker.start();
ready(0);
