import { basename } from "node:path";
import { realpathSync } from "node:fs";
import type { InstalledVersion, JournalEntry, VersionStore } from "@peek/archive";
import { messageOf, PeekError, toError } from "@peek/errors";
import type { ChangeConfirmation, ChangeRequest, ChangeResult, StepListener } from "@peek/loader";
import { type Logger, packageNameOf } from "@peek/plugin-base";

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
  /** The versions of the service; locked until the change has ended. */
  readonly store: VersionStore;
  /** Changes a plugin of this service. It never rejects. */
  readonly change: (request: ChangeRequest, onStep: StepListener, confirm: ChangeConfirmation) => Promise<ChangeResult>;
  /** The folder from which the plugin runs now; undefined where it does not. */
  readonly runsFrom: string | undefined;
  readonly logger: Logger;
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
  #hasGoneBack = false;
  #hasEnded = false;

  /**
   * Records the change in the journal.
   *
   * @throws PeekError `PLUGIN_VERSION_NOT_INSTALLED`, `PLUGIN_SOFTWARE_FULL` or `PLUGIN_SOFTWARE_UNUSABLE`; nothing has been changed then.
   */
  constructor(parts: VersionChangeParts, request: VersionChangeRequest) {
    this.#parts = parts;
    this.#request = request;
    const { store, runsFrom } = parts;
    const { plugin, version } = request;
    this.#packageName = packageNameOf(plugin);
    const installed = store.versions(this.#packageName);
    const to = installed.find(({ dir }) => basename(dir) === version);
    if (to === undefined) throw notInstalled(plugin, version, installed);
    this.#to = to;
    // A version may have become current after the start, so that another one runs: the one that runs is restored.
    const running = installed.find(({ dir }) => realpathSync.native(dir) === runsFrom);
    this.#from = running ?? store.current(this.#packageName);
    store.journal.supersede(plugin);
    this.#entry = store.journal.begin({
      plugin,
      to: basename(to.dir),
      ...(this.#from !== undefined && { from: basename(this.#from.dir) }),
    });
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
        if (step === "probe") this.#attempt("record that it was started", () => this.#record("started"));
        if (step === "revert") this.#goBack();
        onStep(step);
      },
      async (planned) => {
        await confirm(planned);
        // A service that stops does not wait for the confirmation.
        if (!this.#hasEnded) this.#commit();
      },
    );
    this.#hasEnded = true;
    this.#end(result);
    return result;
  }

  /** @throws PeekError when the version cannot become current; the change is refused then. */
  #commit(): void {
    const { store } = this.#parts;
    this.#record("committed");
    try {
      store.activate(this.#packageName, this.#to);
    } catch (error) {
      this.#entry = { ...this.#entry, step: "prepared" };
      throw error;
    }
  }

  #end({ outcome, error }: ChangeResult): void {
    const { store } = this.#parts;
    const isCommitted = this.#entry.step !== "prepared";
    // The service stops: its next start completes the change.
    if (outcome === "failed" && error?.code === "CHANGE_CANCELLED" && isCommitted && !this.#hasGoneBack) return;
    if (outcome !== "done" && isCommitted) this.#goBack();
    if (outcome !== "done" && isCommitted && !this.#hasGoneBack) return;
    this.#attempt("end it in the journal", () => store.journal.end(this.#entry));
    if (outcome !== "done") return;
    this.#attempt("remove old versions", () => store.prune(this.#packageName, this.#from?.dir));
  }

  /** Makes the version before current again. */
  #goBack(): void {
    if (this.#hasGoneBack) return;
    const { store } = this.#parts;
    // Even when it cannot be recorded, as on a full disk.
    this.#attempt("record that it is reverted", () => this.#record("reverted"));
    this.#attempt("make the version before current again", () => {
      makeCurrent(store, this.#packageName, this.#from);
      this.#hasGoneBack = true;
    });
  }

  #record(step: JournalEntry["step"]): void {
    this.#entry = this.#parts.store.journal.update(this.#entry, { step });
  }

  /** A fault of the disk is logged: the loader goes on. */
  #attempt(what: string, write: () => void): void {
    try {
      write();
    } catch (thrown) {
      const { plugin, version } = this.#request;
      const template = "%s: failed to %s, the change to %s: %s";
      this.#parts.logger.error({ err: toError(thrown) }, template, plugin, what, version, messageOf(thrown));
    }
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
