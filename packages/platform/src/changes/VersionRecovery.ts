import { basename } from "node:path";
import {
  ChangeJournal,
  type InstalledVersion,
  isOf,
  type JournalEntry,
  openWhenFree,
  type VersionStore,
} from "@peek/archive";
import { messageOf, PeekError, toError } from "@peek/errors";
import type { PluginStatus } from "@peek/loader";
import { type Logger, packageNameOf, type ServiceName } from "@peek/plugin-base";
import { makeCurrent } from "./VersionChange.ts";

/** How many starts try the new version: one that ends the process at its start must not do so for ever. */
const maxTries = 2;

/** A change that this start completes. */
interface Interrupted {
  readonly entry: JournalEntry;
  readonly packageName: string;
  readonly from: InstalledVersion | undefined;
  readonly to: InstalledVersion;
}

/**
 * Completes or takes back the changes of versions that a crash has interrupted. {@link begin} it before the plugins are planned, and
 * {@link settle} it when they have started.
 */
export class VersionRecovery {
  readonly #softwareDir: string;
  readonly #logger: Logger;
  readonly #tried: Interrupted[] = [];
  readonly #broughtBack: string[] = [];

  private constructor(softwareDir: string, logger: Logger) {
    this.#softwareDir = softwareDir;
    this.#logger = logger;
  }

  /**
   * Reads the journal, and makes those versions current that this start runs. It logs the entries that it cannot read
   * or complete; the current versions stay as they are then.
   *
   * @param service The service that starts: the changes of others that share the folder are theirs.
   * @returns undefined where no change was interrupted.
   */
  static async begin(softwareDir: string, service: ServiceName, logger: Logger): Promise<VersionRecovery | undefined> {
    const { entries: all, damaged } = new ChangeJournal(softwareDir).read();
    const entries = all.filter((entry) => isOf(entry, service));
    for (const { file, problem } of damaged) {
      const template =
        "%s is no entry of the journal, and is ignored. The current versions of the plugins run. Remove the file. The fault: %s";
      logger.error(template, file, problem);
    }
    if (entries.length === 0) return undefined;
    try {
      using store = await openWhenFree(softwareDir);
      const recovery = new VersionRecovery(softwareDir, logger);
      for (const entry of entries) recovery.#attempt(entry, () => recovery.#resume(store, entry));
      return recovery;
    } catch (thrown) {
      if (!PeekError.is(thrown)) throw thrown;
      const plugins = entries.map(({ plugin }) => plugin).join(", ");
      const template = "The interrupted changes of %s are not completed, and the current versions run: %s";
      logger.error({ code: thrown.code }, template, plugins, thrown.message);
      return undefined;
    }
  }

  /** The plugins whose version before is current again, since the later one may have migrated the database. */
  get broughtBack(): readonly string[] {
    return this.#broughtBack;
  }

  /**
   * Ends the changes that {@link begin} has resumed: by the states of the plugins, the new versions stay, or those before return.
   *
   * @param statuses The states of the enabled plugins.
   * @param reload Has a plugin run the version that is current then. Resolves when it has been started or has failed.
   */
  async settle(statuses: readonly PluginStatus[], reload: (plugin: string) => Promise<void>): Promise<void> {
    const failed: string[] = [];
    for (const change of this.#tried) {
      const status = statuses.find(({ name }) => name === change.entry.plugin);
      try {
        using store = await openWhenFree(this.#softwareDir);
        if (status?.state !== "failed") this.#complete(store, change, status);
        else if (this.#revert(store, change, status)) failed.push(status.name);
      } catch (thrown) {
        this.#logFailure(change.entry, thrown);
      }
    }
    for (const plugin of failed) await reload(plugin);
  }

  #resume(store: VersionStore, entry: JournalEntry): void {
    const packageName = packageNameOf(entry.plugin);
    const versions = store.versions(packageName);
    const named = (name: string | undefined): InstalledVersion | undefined =>
      versions.find(({ dir }) => basename(dir) === name);
    const [from, to] = [named(entry.from), named(entry.to)];
    if (to !== undefined && (entry.step === "committed" || entry.step === "started") && entry.tries < maxTries) {
      store.activate(packageName, to);
      const next = store.journal.update(entry, { tries: entry.tries + 1 });
      this.#tried.push({ entry: next, packageName, from, to });
      return;
    }
    // Before its commit, the change has not touched the link: another service that shares the folder may have.
    if (entry.step !== "prepared") {
      if (entry.from !== undefined && from === undefined) throw missing(entry, entry.from);
      makeCurrent(store, packageName, from);
      this.#broughtBack.push(entry.plugin);
    }
    store.journal.end(entry);
    const current = store.current(packageName);
    const why = to === undefined ? `${entry.to} is not installed any more` : reasons[entry.step];
    this.#logger.warning(
      "%s: %s runs: the change to %s was interrupted, and %s",
      entry.plugin,
      titleOf(current),
      entry.to,
      why,
    );
  }

  #complete(store: VersionStore, { entry, from, to }: Interrupted, status: PluginStatus | undefined): void {
    store.journal.end(entry);
    const isRunning = status?.state === "started";
    const runs = isRunning ? "runs" : `is current, and ${status === undefined ? "not enabled" : status.state}`;
    const template =
      "%s: version %s %s: the change from %s was interrupted after it had been committed, and is completed";
    this.#logger.info(template, entry.plugin, to.version, runs, titleOf(from));
  }

  /** @returns Whether the version before is to be started. */
  #revert(store: VersionStore, { entry, packageName, from, to }: Interrupted, { error }: PluginStatus): boolean {
    const why = error?.message ?? "unknown";
    const { plugin } = entry;
    if (entry.from !== undefined && from === undefined) throw missing(entry, entry.from);
    makeCurrent(store, packageName, from);
    store.journal.end(entry);
    const template =
      "%s: %s runs: the change to %s was interrupted after it had been committed, and the new version failed: %s";
    this.#logger.error(template, plugin, titleOf(from), to.version, why);
    return from !== undefined;
  }

  #attempt(entry: JournalEntry, write: () => void): void {
    try {
      write();
    } catch (thrown) {
      this.#logFailure(entry, thrown);
    }
  }

  #logFailure({ plugin, to }: JournalEntry, thrown: unknown): void {
    const template = "%s: the interrupted change to %s is not completed, and the current version runs: %s";
    this.#logger.error({ err: toError(thrown) }, template, plugin, to, messageOf(thrown));
  }
}

/** Why the version before runs. */
const reasons: Readonly<Record<JournalEntry["step"], string>> = {
  prepared: "had not been committed",
  committed: `the new version was tried at ${maxTries} starts, which did not end`,
  started: `the new version was tried at ${maxTries} starts, which did not end`,
  reverted: "the new version had failed",
};

function titleOf(version: InstalledVersion | undefined): string {
  return version === undefined ? "no installed version" : `version ${version.version}`;
}

function missing({ plugin }: JournalEntry, version: string): PeekError {
  return new PeekError(
    "PLUGIN_VERSION_NOT_INSTALLED",
    `The version before, ${version}, is not installed any more. Install an archive of ${plugin} with peek plugin install.`,
    { fields: { plugin, version } },
  );
}
