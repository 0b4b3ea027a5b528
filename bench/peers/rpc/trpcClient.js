import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";
import { WebSocket } from "ws";
import { readArgument } from "../../children/readArgument.js";
import { measurePromises } from "../../children/rpc/measureCalls.js";
import { payload } from "../../children/rpc/payload.js";

const ws = createWSClient({ url: `ws://127.0.0.1:${readArgument().port}`, WebSocket });
const client = createTRPCClient({ links: [wsLink({ client: ws })] });
await measurePromises(() => client.echo.query(payload));
