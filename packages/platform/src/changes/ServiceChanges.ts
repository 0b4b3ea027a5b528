import { addEnabledPlugin, removeEnabledPlugin } from "@peek/config";
import { cutText, messageOf, PeekError, type PeekErrorCode, toError } from "@peek/errors";
import type { ChangeConfirmation, ChangeKind, ChangeRequest, ChangeResult, StepListener } from "@peek/loader";
import type { Logger } from "@peek/plugin-base";
import { ItemQueue } from "./ItemQueue.ts";
import {
  type ChangeProgress,
  maxMessage,
  type ResultOnService,
  type ServiceChangeRequest,
} from "./pluginChangesRpc.ts";
import type { ServiceVersions } from "./ServiceVersions.ts";
import type { VersionChangeRequest } from "./VersionChange.ts";

/** How long a prepared change waits for its commit, in milliseconds: longer than the others may take to prepare. */
const commitMs = 180_000;

type ChangeError = NonNullable<ChangeResult["error"]>;

/** The dependencies of {@link ServiceChanges}. */
export interface ServiceChangesOptions {
  /** Changes a plugin of this service. It never rejects. */
  readonly change: (request: ChangeRequest, onStep: StepListener, confirm: ChangeConfirmation) => Promise<ChangeResult>;
  /** Has a plugin of this service run another installed version. It never rejects. */
  readonly changeVersion: (
    request: VersionChangeRequest,
    onStep: StepListener,
    confirm: ChangeConfirmation,
  ) => Promise<ChangeResult>;
  /** Ends the watch of a plugin's new generation. */
  readonly endProbe: (plugin: string) => void;
  readonly versions: ServiceVersions;
  /** The config.json of this service. */
  readonly configFile: string;
  readonly logger: Logger;
}

/** Executes changes of this service's plugins for logic, which commits each of them after all services have prepared it. */
export class ServiceChanges {
  readonly #options: ServiceChangesOptions;
  /** The functions that commit prepared changes, by id. */
  readonly #prepared = new Map<string, () => void>();
  /** The plugins of the changes that are being made, by id. */
  readonly #making = new Map<string, string>();

  constructor(options: ServiceChangesOptions) {
    this.#options = options;
  }

  /**
   * Prepares a change, waits for its commit, and executes it.
   *
   * @param signal Cancels the change before its commit, and later only the stream.
   */
  change(id: string, request: ServiceChangeRequest, signal: AbortSignal): AsyncIterable<ChangeProgress> {
    const progress = new ItemQueue<ChangeProgress>(signal);
    void this.#execute(id, request, progress, signal);
    return progress;
  }

  /** Has a prepared change go on. @returns false when there is none of that id. */
  commit(id: string): boolean {
    const commit = this.#prepared.get(id);
    commit?.();
    return commit !== undefined;
  }

  /** Ends the watch of the new generation of a change. @returns false when that change is not being made. */
  endProbe(id: string): boolean {
    const plugin = this.#making.get(id);
    if (plugin !== undefined) this.#options.endProbe(plugin);
    return plugin !== undefined;
  }

  /** Never rejects. */
  async #execute(
    id: string,
    request: ServiceChangeRequest,
    progress: ItemQueue<ChangeProgress>,
    signal: AbortSignal,
  ): Promise<void> {
    const onStep: StepListener = (step) => progress.add({ type: "step", step });
    const result = await this.#make(request, onStep, async (planned) => {
      const committed = this.#commitOf(id, request, signal);
      const { version, ...effects } = planned;
      progress.add({ type: "prepared", ...(version !== undefined && { version }), ...effects });
      await committed;
      this.#making.set(id, request.plugin);
    });
    this.#making.delete(id);
    const isSaved = result.outcome !== "done" || request.followsFile;
    progress.add(progressOf(isSaved ? result : await this.#save(result, onStep)));
    progress.end();
  }

  async #make(
    { kind, plugin, version, rehearse, isRevert }: ServiceChangeRequest,
    onStep: StepListener,
    confirm: ChangeConfirmation,
  ): Promise<ChangeResult> {
    const { change, changeVersion } = this.#options;
    const request = { kind, plugin, rehearse, isRevert };
    if (version === undefined) return await change(request, onStep, confirm);
    if (kind !== "disable" && version !== null)
      return await changeVersion({ ...request, kind, version }, onStep, confirm);
    if (kind !== "disable") {
      const error = await this.#makeCurrent(plugin, version);
      return error === undefined ? await change(request, onStep, confirm) : failed(request, error);
    }
    const result = await change(request, onStep, confirm);
    const error = result.outcome === "done" ? await this.#makeCurrent(plugin, version) : undefined;
    return error === undefined ? result : { ...result, outcome: "failed", error };
  }

  /** @returns Why the version is not current; undefined when it is. */
  async #makeCurrent(plugin: string, version: string | null): Promise<ChangeError | undefined> {
    try {
      await this.#options.versions.makeCurrent(plugin, version);
      return undefined;
    } catch (thrown) {
      if (!PeekError.is(thrown)) throw thrown;
      return { code: thrown.code, message: thrown.message };
    }
  }

  /** Settles when the change is committed, or cancelled. */
  async #commitOf(id: string, { kind, plugin }: ServiceChangeRequest, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refuse = (why: string): void =>
      reject(new PeekError("CHANGE_CANCELLED", `The ${kind} of ${plugin} was cancelled: ${why}. Nothing was stopped.`));
    const onAbort = (): void => refuse("logic withdrew it");
    const timer = setTimeout(() => refuse(`logic did not commit it within ${commitMs / 1000} s`), commitMs);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    this.#prepared.set(id, resolve);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#prepared.delete(id);
    }
  }

  /** Writes a change to config.json. Where that fails, the change is undone: the next start would undo it anyway. */
  async #save(result: ChangeResult, onStep: StepListener): Promise<ChangeResult> {
    const { kind, plugin } = result;
    const inverse = inverses[kind];
    if (inverse === undefined) return result;
    const { configFile, logger } = this.#options;
    try {
      if (kind === "enable") addEnabledPlugin(configFile, plugin);
      else removeEnabledPlugin(configFile, plugin);
      return result;
    } catch (thrown) {
      logger.error({ err: toError(thrown) }, "%s: %s was not saved: %s", plugin, kind, messageOf(thrown));
      const code: PeekErrorCode = PeekError.is(thrown) ? thrown.code : "CONFIG_NOT_SAVED";
      const undone = await this.#options.change({ kind: inverse, plugin }, onStep, () => Promise.resolve());
      const isUndone = undone.outcome === "done";
      const after = isUndone
        ? "The change was undone."
        : `The change was not undone either, and the next start will: ${undone.error?.message ?? ""}`;
      const error = { code, message: `config.json was not changed: ${messageOf(thrown)} ${after}` };
      return { ...undone, kind, outcome: isUndone ? "reverted" : "failed", error };
    }
  }
}

/** The changes that undo others. A reload does not change config.json. */
const inverses: Readonly<Record<ChangeKind, ChangeKind | undefined>> = {
  enable: "disable",
  disable: "enable",
  reload: undefined,
};

function failed(request: ChangeRequest, error: ChangeError): ChangeResult {
  const nothing = { restarted: [], ended: [], durations: {} };
  return { ...request, outcome: "failed", at: new Date().toISOString(), ...nothing, error };
}

function progressOf({ outcome, from, to, restarted, ended, error }: ChangeResult): ResultOnService {
  return {
    type: "result",
    outcome,
    ...(from && { from: generationOf(from) }),
    ...(to && { to: generationOf(to) }),
    restarted,
    ended,
    ...(error && { error: { code: error.code, message: cutText(textOf(error), maxMessage) } }),
  };
}

function generationOf({
  version,
  generation,
}: NonNullable<ChangeResult["from"]>): NonNullable<ResultOnService["from"]> {
  return { generation, ...(version !== undefined && { version }) };
}

function textOf({ message, place }: NonNullable<ChangeResult["error"]>): string {
  return place === undefined ? message : `${message} (${place})`;
}
