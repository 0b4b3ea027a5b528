import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "./writePrivateFile.ts";

const connectionSchema = z.object({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  user: z.string().min(1),
  password: z.string().min(1),
  database: z.string().min(1),
});

/** How a client on this machine reaches the embedded server. */
export interface EmbeddedConnection {
  /** The folder of the server's socket, or `127.0.0.1`. */
  readonly host: string;
  /** The TCP port; with a socket, the number in its name. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * How to reach the server that keeps its files in `dir`, for another process of the same account; undefined when none
 * has said that it runs. A service that was killed leaves what it said, so that connecting may still fail.
 */
export function readEmbeddedConnection(dir: string): EmbeddedConnection | undefined {
  try {
    return connectionSchema.safeParse(JSON.parse(readFileSync(connectionFile(dir), "utf8"))).data;
  } catch {
    // It is missing, another account's, or not what this code wrote: no server can be reached by it.
    return undefined;
  }
}

/** Tells other processes how to reach the server; mode 0600. */
export function writeEmbeddedConnection(dir: string, connection: EmbeddedConnection): void {
  writePrivateFile(connectionFile(dir), `${JSON.stringify(connection)}\n`);
}

/** Takes back what {@link writeEmbeddedConnection} told. */
export function removeEmbeddedConnection(dir: string): void {
  rmSync(connectionFile(dir), { force: true });
}

function connectionFile(dir: string): string {
  return join(dir, "connection.json");
}
