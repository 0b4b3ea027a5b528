import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { z } from "zod";
import { type EmbeddedLayout, socketPort } from "./EmbeddedLayout.ts";
import type { ServerAddress } from "./serverSettings.ts";
import { writePrivateFile } from "./writePrivateFile.ts";

/** Systems have room for 104 to 108 bytes. */
const longestSocketPath = 100;

const portSchema = z.coerce.number().pipe(z.int().min(1).max(65_535));

/**
 * Where the server of a folder is to take connections. A port is the one that it had before, by which clients look for
 * it when it was away, unless another program has it now. It was free a moment ago, and may be taken since.
 *
 * @param anew Whether the port that it had has turned out to be taken.
 */
export async function chooseAddress(layout: EmbeddedLayout, anew: boolean): Promise<ServerAddress> {
  if (Buffer.byteLength(layout.socketFile) <= longestSocketPath) return { kind: "socket" };
  const kept = anew ? undefined : keptPort(layout);
  return { kind: "port", port: kept !== undefined && (await isFree(kept)) ? kept : await freePort() };
}

/** Keeps the port, for the next start. */
export function keepAddress(layout: EmbeddedLayout, address: ServerAddress): void {
  if (address.kind === "socket" || keptPort(layout) === address.port) return;
  writePrivateFile(layout.portFile, `${address.port}\n`);
}

/** An address as clients are told it. */
export function hostAndPort(layout: EmbeddedLayout, address: ServerAddress): { host: string; port: number } {
  return address.kind === "socket" ? { host: layout.dir, port: socketPort } : { host: "127.0.0.1", port: address.port };
}

/** Undefined when none was kept, or the file does not hold one. */
function keptPort(layout: EmbeddedLayout): number | undefined {
  if (!existsSync(layout.portFile)) return undefined;
  return portSchema.safeParse(readFileSync(layout.portFile, "utf8")).data;
}

async function isFree(port: number): Promise<boolean> {
  try {
    await listenAt(port);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const address = await listenAt(0);
  if (address === null || typeof address === "string") throw new Error("The system gave no port");
  return address.port;
}

/** Takes a port, and gives it back. */
async function listenAt(port: number): Promise<ReturnType<Server["address"]>> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address;
}
