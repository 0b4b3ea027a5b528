import { once } from "node:events";
import { createServer } from "node:net";
import { type EmbeddedLayout, socketPort } from "./EmbeddedLayout.ts";
import type { ServerAddress } from "./serverSettings.ts";

/** Systems have room for 104 to 108 bytes. */
const longestSocketPath = 100;

/** Where the server of a folder is to take connections. A port was free a moment ago, and may be taken since. */
export async function chooseAddress(layout: EmbeddedLayout): Promise<ServerAddress> {
  if (Buffer.byteLength(layout.socketFile) <= longestSocketPath) return { kind: "socket" };
  return { kind: "port", port: await freePort() };
}

/** An address as clients are told it. */
export function hostAndPort(layout: EmbeddedLayout, address: ServerAddress): { host: string; port: number } {
  return address.kind === "socket" ? { host: layout.dir, port: socketPort } : { host: "127.0.0.1", port: address.port };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port");
  return address.port;
}
