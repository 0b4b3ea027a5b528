import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, writeFileAtomic } from "@peek/config";
import { messageOf, PeekError } from "@peek/errors";
import { isPluginName, type ServiceName, serviceNames } from "@peek/plugin-base";
import { z } from "zod";
import { draftPrefix, parseVersionFolder } from "./softwareFolders.ts";
import { isFullDisk, softwareUnusable } from "./softwareErrors.ts";
import { syncFolder } from "./syncFolder.ts";

/** The version of the format of the files. */
const format = 1;
/** The maximum size of a file, in bytes; an entry is much shorter. */
const maxBytes = 16 * 1024;

const versionName = z.string().refine((name) => parseVersionFolder(name) !== undefined, {
  error: "the name of a version's folder",
});

const entrySchema = z.object({
  format: z.literal(format),
  id: z.uuid(),
  /** The service that makes the change: only this one completes it. Services may share the folder. */
  service: z.enum(serviceNames).optional(),
  /** `peek_plugin_tutorial`. */
  plugin: z.string().refine(isPluginName, { error: "a plugin's name" }),
  /** The folder of the version before the change; undefined where the plugin was not installed from an archive. */
  from: versionName.optional(),
  /** The folder of the new version. */
  to: versionName,
  /** How far the change is. */
  step: z.enum(["prepared", "committed", "started", "reverted"]),
  /** How many starts of the service have tried to complete the change. */
  tries: z.int().min(0),
  /** When the change began; ISO 8601, UTC. */
  at: z.iso.datetime(),
});

/**
 * A change of the version of a plugin that has not ended. Its steps:
 *
 * - `prepared`: nothing has been stopped. After a crash, the version before stays.
 * - `committed`: the service replaces the version. After a crash, the next start tries the new one.
 * - `started`: the new version has been started, and is watched.
 * - `reverted`: the new version has failed. After a crash, the version before runs.
 */
export type JournalEntry = Readonly<z.infer<typeof entrySchema>>;

/** A file in the journal that is no entry. */
export interface DamagedEntry {
  readonly file: string;
  /** The fault of the file. */
  readonly problem: string;
}

/**
 * The journal of changes in a `plugin-software` folder: one file for each change, which is on the disk before a step is taken, and removed
 * when the change has ended. Only the owner of the folder's lock writes it.
 */
export class ChangeJournal {
  readonly #dir: string;

  /** @param softwareDir The `plugin-software` folder. */
  constructor(softwareDir: string) {
    this.#dir = journalFolder(softwareDir);
  }

  /**
   * Records a change that begins, in the step `prepared`.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`; nothing is recorded then.
   */
  begin(change: Pick<JournalEntry, "service" | "plugin" | "from" | "to">): JournalEntry {
    const entry: JournalEntry = {
      format,
      id: randomUUID(),
      ...change,
      step: "prepared",
      tries: 0,
      at: new Date().toISOString(),
    };
    this.#write(entry);
    return entry;
  }

  /**
   * Records that a change is further.
   *
   * @returns The entry now.
   * @throws PeekError `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`; the entry is as before then.
   */
  update(entry: JournalEntry, progress: Partial<Pick<JournalEntry, "step" | "tries">>): JournalEntry {
    const next = { ...entry, ...progress };
    this.#write(next);
    return next;
  }

  /**
   * Removes the entry of a change that has ended.
   *
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  end({ id }: JournalEntry): void {
    try {
      rmSync(this.#fileOf(id), { force: true });
      syncFolder(this.#dir);
    } catch (cause) {
      throw softwareUnusable(this.#dir, cause);
    }
  }

  /**
   * Ends the changes of a plugin without completing them, since another version becomes current.
   *
   * @param service Only those of this service. Default: those of all services.
   * @throws PeekError `PLUGIN_SOFTWARE_UNUSABLE`
   */
  supersede(plugin: string, service?: ServiceName): void {
    for (const entry of this.read().entries) {
      const isOwn = service === undefined || isOf(entry, service);
      if (entry.plugin === plugin && isOwn) this.end(entry);
    }
  }

  /** Whether a change has not ended, and was not superseded. */
  has({ id }: JournalEntry): boolean {
    return existsSync(this.#fileOf(id));
  }

  /** The changes that have not ended, the oldest first, and the files that are no entries. Needs no lock. */
  read(): { readonly entries: readonly JournalEntry[]; readonly damaged: readonly DamagedEntry[] } {
    const entries: JournalEntry[] = [];
    const damaged: DamagedEntry[] = [];
    for (const name of namesIn(this.#dir)) {
      const file = join(this.#dir, name);
      try {
        entries.push(readEntry(file, name));
      } catch (error) {
        const problem = error instanceof z.ZodError ? z.prettifyError(error).replaceAll("\n", " ") : messageOf(error);
        damaged.push({ file, problem });
      }
    }
    return { entries: entries.sort((one, other) => (one.at < other.at ? -1 : 1)), damaged };
  }

  #write(entry: JournalEntry): void {
    try {
      makePrivateFolder(this.#dir);
      writeFileAtomic(this.#fileOf(entry.id), `${JSON.stringify(entry)}\n`, draftPrefix);
      syncFolder(this.#dir);
    } catch (cause) {
      throw isFullDisk(cause) ? full(this.#dir, entry, cause) : softwareUnusable(this.#dir, cause);
    }
  }

  #fileOf(id: string): string {
    return join(this.#dir, `${id}.json`);
  }
}

/** Whether a service completes the change of an entry. */
export function isOf({ service }: JournalEntry, own: ServiceName): boolean {
  return service === undefined || service === own;
}

/** The folder of the journal in a `plugin-software` folder. */
export function journalFolder(softwareDir: string): string {
  return join(softwareDir, "journal");
}

function readEntry(file: string, name: string): JournalEntry {
  const { size } = statSync(file);
  if (size > maxBytes) throw new Error(`It has ${size} bytes; the limit is ${maxBytes}.`);
  const entry = entrySchema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (name !== `${entry.id}.json`) throw new Error(`It is the entry of the change ${entry.id}.`);
  return entry;
}

function namesIn(dir: string): readonly string[] {
  return existsSync(dir)
    ? readdirSync(dir).filter((name) => name.endsWith(".json") && !name.startsWith(draftPrefix))
    : [];
}

function full(dir: string, { plugin }: JournalEntry, cause: unknown): PeekError {
  return new PeekError(
    "PLUGIN_SOFTWARE_FULL",
    `The change of ${plugin} cannot be recorded in ${dir}: the disk is full, or a limit of the account has been reached. Nothing has been changed. Make room and try again.`,
    { cause, fields: { dir, plugin } },
  );
}
