import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { EchoRpc } from "./EchoRpc.js";
import { openPeekBus } from "./openPeekBus.js";
import { openPlugin } from "./openPlugin.js";

// A service that answers calls, on any bus.
const opened = openPeekBus(readArgument());
openPlugin(opened).rpc.serve(EchoRpc, { echo: (input) => input });
await opened.connected;
ready(0);
