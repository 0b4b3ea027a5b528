import { inGroups } from "../connections/inGroups.js";
import { readArgument } from "../readArgument.js";
import { ready } from "../ready.js";
import { openRoundControl } from "./roundControl.js";

/**
 * Subscribers that parse their messages. Notifies the server when all of them have an update, and prints the bytes and the CPU time of a
 * subscriber for each.
 *
 * @param subscribe Makes one subscriber, which calls its argument with the round of a tuple; returns its WebSocket.
 */
export async function subscribeAll(subscribe) {
  const { count, rows, controlPort } = readArgument();
  const sockets = [];
  let round = 1;
  let got = 0;
  let control;
  await inGroups(count, async () => {
    let last = 0;
    const socket = await subscribe((roundOf) => {
      if (last >= round || roundOf(round % rows) !== round) return;
      last = round;
      got += 1;
      if (got < count) return;
      got = 0;
      round += 1;
      control.done();
    });
    sockets.push(socket);
  });
  const bytes = () => sockets.reduce((sum, { _socket: socket }) => sum + socket.bytesRead, 0);
  let before;
  control = await openRoundControl(controlPort, {
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
