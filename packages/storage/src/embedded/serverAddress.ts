import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { z } from "zod";
import { type EmbeddedLayout, socketPort } from "./EmbeddedLayout.ts";
import type { ServerAddress } from "./serverSettings.ts";
import { writePrivateFile } from "./durableFiles.ts";

/** Systems allow 104 to 108 bytes. */
const maxSocketPathBytes = 100;

const portSchema = z.coerce.number().pipe(z.int().min(1).max(65_535));

/**
 * Chooses the address of a folder's server. A port stays the same, so that clients can reconnect, unless another program
 * uses it now. It is free when it is chosen, but another program may take it before the server does.
 *
 * @param isPortTaken Whether the previous port is in use.
 */
export async function chooseAddress(layout: EmbeddedLayout, isPortTaken: boolean): Promise<ServerAddress> {
  if (Buffer.byteLength(layout.socketFile) <= maxSocketPathBytes) return { kind: "socket" };
  const previous = isPortTaken ? undefined : readPort(layout);
  return { kind: "port", port: previous !== undefined && (await isFree(previous)) ? previous : await freePort() };
}

/** Stores the port for the next start. */
export function storeAddress(layout: EmbeddedLayout, address: ServerAddress): void {
  if (address.kind === "socket" || readPort(layout) === address.port) return;
  writePrivateFile(layout.portFile, `${address.port}\n`);
}

/** The address in the form of a client's options. */
export function hostAndPort(layout: EmbeddedLayout, address: ServerAddress): { host: string; port: number } {
  return address.kind === "socket" ? { host: layout.dir, port: socketPort } : { host: "127.0.0.1", port: address.port };
}

/** Undefined when there is no file, or it is invalid. */
function readPort(layout: EmbeddedLayout): number | undefined {
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
  if (address === null || typeof address === "string") throw new Error("The system assigned no port");
  return address.port;
}

/** Listens at a port, and closes it again. */
async function listenAt(port: number): Promise<ReturnType<Server["address"]>> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address;
}
