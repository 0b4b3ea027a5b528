import { connect, createServer, type Socket } from "node:net";

/** The argument of this program, as JSON. */
export interface SlowRelayArgument {
  /** The address to listen on. */
  readonly listen: string;
  /** The address to connect to. */
  readonly to: string;
  /** The port of both addresses. */
  readonly port: number;
  /** The delay of each part, each way. */
  readonly delayMs: number;
  /** The percentage of parts with a longer delay. */
  readonly lossPercent: number;
}

// Forwards connections; delays each part of the data, and some parts much longer, as after a packet loss.
const { listen, to, port, delayMs, lossPercent } = JSON.parse(process.argv[2] ?? "") as SlowRelayArgument;
/** The shortest time until a lost packet is sent again. */
const lossMs = 3 * delayMs;

const server = createServer((client) => {
  const other = connect({ host: to, port });
  passOn(client, other);
  passOn(other, client);
});
server.listen(port, listen, () => process.stdout.write("listening\n"));

function passOn(from: Socket, into: Socket): void {
  let due = 0;
  const later = (action: () => void): void => {
    const isLost = Math.random() * 100 < lossPercent;
    // In order: later parts wait too.
    due = Math.max(due, performance.now() + delayMs + (isLost ? lossMs : 0));
    setTimeout(action, due - performance.now());
  };
  from.on("data", (part) => later(() => void into.write(part)));
  from.on("error", () => undefined);
  from.on("close", () => later(() => into.destroy()));
}
