import { openHub } from "../openHub.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { openPlugin } from "./openPlugin.js";
import { EchoRpc } from "./EchoRpc.js";

// The logic service: the hub, and one that can be called.
openPlugin(await openHub(readArgument())).rpc.serve(EchoRpc, { echo: (input) => input });
ready(0);
