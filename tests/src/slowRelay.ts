import { connect, createServer, type Socket } from "node:net";

/** What this is started with, as JSON. */
export interface SlowRelayArgument {
  /** The address to listen on. */
  readonly listen: string;
  /** The address to connect to. */
  readonly to: string;
  /** Of both. */
  readonly port: number;
  /** How long each part is held up, each way; milliseconds. */
  readonly delayMs: number;
  /** How many of a hundred parts are held up longer. */
  readonly lossPercent: number;
}

// Passes connections on, each part of what is sent a while later, and some of it much later, as after a loss.
const { listen, to, port, delayMs, lossPercent } = JSON.parse(process.argv[2] ?? "") as SlowRelayArgument;
/** What it takes at least until a packet that was lost is sent again; milliseconds. */
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
    // In order: what comes after waits too.
    due = Math.max(due, performance.now() + delayMs + (isLost ? lossMs : 0));
    setTimeout(action, due - performance.now());
  };
  from.on("data", (part) => later(() => void into.write(part)));
  from.on("error", () => undefined);
  from.on("close", () => later(() => into.destroy()));
}
