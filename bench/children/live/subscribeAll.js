import { inGroups } from "../connections/inGroups.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { openReins } from "./Reins.js";

/**
 * Subscribers that read what they are sent. Tells the server when all of them have an update, and the bench what a subscriber was
 * sent for each, and what that has cost it.
 *
 * @param subscribe Subscribes one, which calls with what tells the round of a tuple; gives its WebSocket.
 */
export async function subscribeAll(subscribe) {
  const { count, rows, reinsPort } = readArgument();
  const sockets = [];
  let round = 1;
  let got = 0;
  let reins;
  await inGroups(count, async () => {
    let last = 0;
    const socket = await subscribe((roundOf) => {
      if (last >= round || roundOf(round % rows) !== round) return;
      last = round;
      got += 1;
      if (got < count) return;
      got = 0;
      round += 1;
      reins.done();
    });
    sockets.push(socket);
  });
  const bytes = () => sockets.reduce((sum, { _socket: socket }) => sum + socket.bytesRead, 0);
  let before;
  reins = await openReins(reinsPort, {
    onBegin: () => (before = { bytes: bytes(), cpu: process.cpuUsage(), round }),
    onEnd: () => {
      const { user, system } = process.cpuUsage(before.cpu);
      const deliveries = (round - before.round) * count;
      const figures = { bytes: (bytes() - before.bytes) / deliveries, readMicros: (user + system) / deliveries };
      console.log(`Measured ${JSON.stringify(figures)}`);
    },
  });
  ready(0);
}
