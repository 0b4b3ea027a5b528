import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "./durableFiles.ts";

const connectionSchema = z.object({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  user: z.string().min(1),
  password: z.string().min(1),
  database: z.string().min(1),
});

/** The address and account of an embedded server, for clients on this machine. */
export interface EmbeddedConnection {
  /** The folder of the server's socket, or `127.0.0.1`. */
  readonly host: string;
  /** The TCP port; with a socket, the number in the socket's name. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Reads how to connect to the server of a folder, which another process of the same account runs; undefined when none is
 * running. A service that was killed leaves the file behind, so that connecting may still fail.
 */
export function readEmbeddedConnection(dir: string): EmbeddedConnection | undefined {
  try {
    return connectionSchema.safeParse(JSON.parse(readFileSync(connectionFile(dir), "utf8"))).data;
  } catch {
    // Missing, not readable, or invalid: there is no server to connect to.
    return undefined;
  }
}

/** Writes how to connect to the server, for other processes of this account; mode 0600. */
export function writeEmbeddedConnection(dir: string, connection: EmbeddedConnection): void {
  writePrivateFile(connectionFile(dir), `${JSON.stringify(connection)}\n`);
}

/** Removes the file of {@link writeEmbeddedConnection}. */
export function removeEmbeddedConnection(dir: string): void {
  rmSync(connectionFile(dir), { force: true });
}

function connectionFile(dir: string): string {
  return join(dir, "connection.json");
}
