import { connect } from "@peek/client";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";
import { PumpTuple } from "./contracts.js";
import { subscribeAll } from "./subscribeAll.js";

// Peek's own client, as in pages.
const { port } = readArgument();
let names = 0;
await subscribeAll(async (onRound) => {
  const { promise, resolve } = Promise.withResolvers();
  let socket;
  names += 1;
  const client = connect({
    url: `ws://127.0.0.1:${port}/vortex`,
    name: `bench-${names}`,
    storage: "memory",
    open: (url, protocol) => (socket = new WebSocket(url, protocol, { perMessageDeflate: false })),
  });
  const { subscribe, getSnapshot } = client.subscribe(PumpTuple, {}, { keep: false });
  subscribe(() => {
    const { status, tuples } = getSnapshot();
    if (status !== "live") return;
    resolve();
    onRound((id) => tuples[id]?.round);
  });
  await promise;
  return socket;
});
