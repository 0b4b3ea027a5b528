import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Crowd } from "../src/live/Crowd.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { itemsOf } from "../src/live/loadPlugin.ts";
import { memoryOf } from "../src/live/memoryOf.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/floods.ts [floods]

const floods = given(6);
const connections = 10_000;
await using system = await LiveSystem.start();
await system.fill(10);
const { process: field, port } = system.field;
const memory = (when: string): Promise<void> =>
  memoryOf(field.pid).then((mib) => print(`memory of field, MiB, ${when}`, mib));

await memory("before");
for (let flood = 1; flood <= floods; flood += 1) {
  for (const half of [1, 2]) {
    const members = { urls: [system.field.url], count: connections / 2, selectors: [itemsOf(0)] };
    await using crowd = await Crowd.open(members);
    await crowd.report();
    if (half === 2) await memory(`with the browsers of flood ${flood}`);
  }
  await pause(3000);
  await memory(`after flood ${flood} of browsers`);
}
for (let flood = 1; flood <= floods; flood += 1) {
  const sockets = Array.from({ length: connections }, () => openHalf(port));
  await pause(3000);
  for (const socket of sockets) socket.destroy();
  await pause(2000);
  await memory(`after flood ${flood} of connections that ask for nothing`);
}
for (const minute of [1, 2]) {
  await pause(60_000);
  await memory(`${minute} min later`);
}

/** A connection that begins to ask, and does not go on. */
function openHalf(to: number): Socket {
  const socket = connect(to, "127.0.0.1", () => socket.write("GET /vortex HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
  socket.on("error", () => undefined);
  return socket;
}
