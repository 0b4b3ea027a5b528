import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { EmbeddedServer } from "@peek/storage";
import { sharedFolder } from "./sharedFolder.ts";

const run = promisify(execFile);

/**
 * Fills the folder `postgresql` of a home with a new embedded database, as logic creates it. The database is created once for a run of
 * tests, which takes a second of processor time, and copied. Outside of a run, does nothing: logic creates the database.
 */
export async function copyEmbeddedDatabase(dir: string): Promise<void> {
  const shared = sharedFolder();
  if (shared === undefined) return;
  const original = join(shared, "postgresql");
  if (!existsSync(original)) await createOriginal(shared, original);
  // Keeps the modes, as PostgreSQL requires.
  await run("cp", ["-a", original, dir]);
}

async function createOriginal(shared: string, original: string): Promise<void> {
  const draft = await mkdtemp(join(shared, "draft-"));
  const log = (): void => undefined;
  const logger = { debug: log, info: log, warning: log, error: log, critical: log, isLevelEnabled: () => false };
  await using server = await EmbeddedServer.open({
    dir: draft,
    logger,
    maxConnections: 20,
    settings: { fsync: "off" },
  });
  await server.stop();
  try {
    await rename(draft, original);
  } catch (error) {
    // Another file of tests has created it at the same time.
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(original)) throw error;
  }
}
