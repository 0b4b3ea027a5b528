import { basename } from "node:path";
import { realpathSync } from "node:fs";
import { type InstalledVersion, type JournalEntry, openWhenFree, type VersionStore } from "@peek/archive";
import { messageOf, PeekError, toError } from "@peek/errors";
import type { ChangeConfirmation, ChangeRequest, ChangeResult, StepListener } from "@peek/loader";
import { type Logger, packageNameOf, type ServiceName } from "@peek/plugin-base";

/** A change of one plugin to another installed version on one service. */
export interface VersionChangeRequest extends Pick<ChangeRequest, "rehearse" | "isRevert"> {
  /** `enable` where the plugin is not enabled yet. */
  readonly kind: "reload" | "enable";
  readonly plugin: string;
  /** The name of the version's folder in `plugin-software/versions`: `1.4.0-0123456789ab`. */
  readonly version: string;
}

/** The parts of a service that a {@link VersionChange} is made with. */
export interface VersionChangeParts {
  readonly service: ServiceName;
  /** The `plugin-software` folder. It is locked only while a step is written: other services may use the folder. */
  readonly softwareDir: string;
  /** Changes a plugin of this service. It never rejects. */
  readonly change: (request: ChangeRequest, onStep: StepListener, confirm: ChangeConfirmation) => Promise<ChangeResult>;
  /** The folder from which the plugin runs now; undefined where it does not. */
  readonly runsFrom: string | undefined;
  readonly logger: Logger;
}

/** The versions of a change, and its entry in the journal. */
interface Begun {
  readonly packageName: string;
  readonly to: InstalledVersion;
  readonly from: InstalledVersion | undefined;
  readonly entry: JournalEntry;
}

/**
 * Has a service run another installed version of a plugin. The journal has each step before it is taken, so that the service runs
 * either version after a crash: the new one becomes current when its code has been imported, and the one before becomes current again when
 * the new one fails.
 */
export class VersionChange {
  readonly #parts: VersionChangeParts;
  readonly #request: VersionChangeRequest;
  readonly #packageName: string;
  readonly #to: InstalledVersion;
  readonly #from: InstalledVersion | undefined;
  #entry: JournalEntry;
  /** The steps that were not waited for. */
  #writes: Promise<void> = Promise.resolve();
  #hasGoneBack = false;
  #hasEnded = false;

  private constructor(parts: VersionChangeParts, request: VersionChangeRequest, begun: Begun) {
    this.#parts = parts;
    this.#request = request;
    this.#packageName = begun.packageName;
    this.#to = begun.to;
    this.#from = begun.from;
    this.#entry = begun.entry;
  }

  /**
   * Records the change in the journal.
   *
   * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED`, `PLUGIN_SOFTWARE_LOCKED`, `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`;
   *   nothing has been changed then.
   */
  static async begin(parts: VersionChangeParts, request: VersionChangeRequest): Promise<VersionChange> {
    const { service, softwareDir, runsFrom } = parts;
    const { plugin, version } = request;
    using store = await openWhenFree(softwareDir);
    const packageName = packageNameOf(plugin);
    const installed = store.versions(packageName);
    const to = installed.find(({ dir }) => basename(dir) === version);
    if (to === undefined) throw notInstalled(plugin, version, installed);
    // A version may have become current after the start, so that another one runs: the one that runs is restored.
    const running = installed.find(({ dir }) => realpathSync.native(dir) === runsFrom);
    const from = running ?? store.current(packageName);
    store.journal.supersede(plugin, service);
    const names = { to: basename(to.dir), ...(from !== undefined && { from: basename(from.dir) }) };
    const entry = store.journal.begin({ service, plugin, ...names });
    return new VersionChange(parts, request, { packageName, to, from, entry });
  }

  /**
   * Executes the change. A refused or failed one is a result.
   *
   * @param onStep Called when a step of the change begins.
   * @param confirm Called before the first plugin is stopped, and before the version becomes current.
   */
  async execute(onStep: StepListener, confirm: ChangeConfirmation): Promise<ChangeResult> {
    const { version: _version, ...change } = this.#request;
    const result = await this.#parts.change(
      { ...change, folder: this.#to.dir },
      (step) => {
        if (step === "probe") this.#write("record that it was started", (store) => this.#record(store, "started"));
        if (step === "revert") this.#goBack();
        onStep(step);
      },
      async (planned) => {
        await confirm(planned);
        await this.#commit();
      },
    );
    this.#hasEnded = true;
    await this.#writes;
    this.#end(result);
    await this.#writes;
    return result;
  }

  /** @throws PeekError when the version cannot become current; the change is refused then. */
  async #commit(): Promise<void> {
    using store = await openWhenFree(this.#parts.softwareDir);
    // A service that stops does not wait for the confirmation.
    if (this.#hasEnded) return;
    if (!store.journal.has(this.#entry)) throw superseded(this.#request);
    this.#record(store, "committed");
    try {
      store.activate(this.#packageName, this.#to);
    } catch (error) {
      this.#entry = { ...this.#entry, step: "prepared" };
      throw error;
    }
  }

  #end({ outcome, error }: ChangeResult): void {
    const isCommitted = this.#entry.step !== "prepared";
    // The service stops: its next start completes the change.
    if (outcome === "failed" && error?.code === "CHANGE_CANCELLED" && isCommitted && !this.#hasGoneBack) return;
    if (outcome === "done")
      this.#write("remove old versions", (store) => store.prune(this.#packageName, this.#from?.dir));
    else if (isCommitted) this.#goBack();
    this.#write("end it in the journal", (store) => {
      if (outcome === "done" || !isCommitted || this.#hasGoneBack) store.journal.end(this.#entry);
    });
  }

  /** Makes the version before current again. */
  #goBack(): void {
    // Even when it cannot be recorded, as on a full disk.
    this.#write("record that it is reverted", (store) => {
      if (!this.#hasGoneBack) this.#record(store, "reverted");
    });
    this.#write("make the version before current again", (store) => {
      if (this.#hasGoneBack) return;
      makeCurrent(store, this.#packageName, this.#from);
      this.#hasGoneBack = true;
    });
  }

  #record(store: VersionStore, step: JournalEntry["step"]): void {
    this.#entry = store.journal.update(this.#entry, { step });
  }

  /** Writes after the steps before. A fault of the disk is logged: the loader goes on. */
  #write(what: string, write: (store: VersionStore) => void): void {
    const before = this.#writes;
    this.#writes = (async () => {
      await before;
      try {
        using store = await openWhenFree(this.#parts.softwareDir);
        // A command that has changed the version in the folder meanwhile wins.
        if (store.journal.has(this.#entry)) write(store);
      } catch (thrown) {
        const { plugin, version } = this.#request;
        const template = "%s: failed to %s, the change to %s: %s";
        this.#parts.logger.error({ err: toError(thrown) }, template, plugin, what, version, messageOf(thrown));
      }
    })();
  }
}

/** Makes a version of a package current; none where there is none. */
export function makeCurrent(store: VersionStore, packageName: string, version: InstalledVersion | undefined): void {
  if (version === undefined) store.deactivate(packageName);
  else store.activate(packageName, version);
}

function notInstalled(plugin: string, version: string, installed: readonly InstalledVersion[]): PeekError {
  const names = installed.map(({ dir }) => basename(dir)).join(", ") || "none";
  return new PeekError(
    "PLUGIN_VERSION_NOT_INSTALLED",
    `${plugin} has no installed version ${version}; installed: ${names}. Install its archive with peek plugin install.`,
    { fields: { plugin, version } },
  );
}

function superseded({ plugin, version }: VersionChangeRequest): PeekError {
  const message = `The change of ${plugin} to ${version} was cancelled: another command has changed its version meanwhile.`;
  return new PeekError("CHANGE_CANCELLED", message, { fields: { plugin, version } });
}
