import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { SimulatedBrowsers } from "../src/live/SimulatedBrowsers.ts";
import { HeapInspector, inspectable } from "../src/live/HeapInspector.ts";
import { LiveSystem } from "../src/live/LiveSystem.ts";
import { itemsOf } from "../src/live/loadPlugin.ts";
import { memoryOf } from "../src/live/memoryOf.ts";
import { given, print } from "./print.ts";

// node --conditions=@peek/source tests/soak/floods.ts [floods]

const floods = given(4);
const connections = 10_000;
const stays = "objects as before; in all, no more from the third on";
await using system = await LiveSystem.start({ env: inspectable });
await system.fill(10);
const { process: field, port } = system.field;
using heap = await HeapInspector.of(field);

/** Prints the memory before and after a garbage collection. */
async function memory(when: string, aim = ""): Promise<void> {
  const before = await memoryOf(field.pid);
  const { rss, heapUsed, heapTotal, external } = await heap.collected();
  print(`memory of field, MiB, ${when}`, before);
  print("  garbage collected: objects, heap, buffers, in all", `${heapUsed} ${heapTotal} ${external} ${rss}`, aim);
}

await memory("before");
for (let flood = 1; flood <= floods; flood += 1) {
  await using browsers = await SimulatedBrowsers.open({
    urls: [system.field.url],
    count: connections,
    selectors: [itemsOf(0)],
  });
  await memory(`with the browsers of flood ${flood}`);
  await browsers[Symbol.asyncDispose]();
  await pause(3000);
  await memory(`after flood ${flood} of browsers`, stays);
}
for (let flood = 1; flood <= floods; flood += 1) {
  const sockets = Array.from({ length: connections }, () => openHalf(port));
  await pause(3000);
  for (const socket of sockets) socket.destroy();
  await pause(2000);
  await memory(`after flood ${flood} of connections that ask for nothing`, stays);
}
await pause(60_000);
await memory("a minute later");

/** A connection that sends the begin of a request, and no more. */
function openHalf(to: number): Socket {
  const socket = connect(to, "127.0.0.1", () => socket.write("GET /vortex HTTP/1.1\r\nHost: 127.0.0.1\r\n"));
  socket.on("error", () => undefined);
  return socket;
}
