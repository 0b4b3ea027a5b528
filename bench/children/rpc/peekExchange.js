import { openExchange } from "../openExchange.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { openPlugin } from "./openPlugin.js";
import { EchoRpc } from "./EchoRpc.js";

// The logic service: the data exchange, and a plugin that answers calls.
openPlugin(await openExchange(readArgument())).rpc.serve(EchoRpc, { echo: (input) => input });
ready(0);
