import { deepStrictEqual } from "node:assert/strict";
import { readArgument } from "../readArgument.js";
import { EchoRpc } from "./EchoRpc.js";
import { measurePromises } from "./measureCalls.js";
import { openPeekBus } from "./openPeekBus.js";
import { openPlugin } from "./openPlugin.js";
import { payload } from "./payload.js";

const argument = readArgument();
const client = openPlugin(openPeekBus(argument)).rpc.client(EchoRpc, { to: argument.to });
deepStrictEqual(await client.echo(payload, { wait: true }), payload);
await measurePromises(() => client.echo(payload));
