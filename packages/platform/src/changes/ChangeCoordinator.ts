import { messageOf, PeekError, toError } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { Logger, PluginVortex } from "@peek/plugin-base";
import { ChangeHistory } from "./ChangeHistory.ts";
import { ArchiveUploads } from "./archives/ArchiveUploads.ts";
import { ItemQueue } from "./ItemQueue.ts";
import { type AdminHistory, type AdminProgress, type AdminRequest, type AdminResult } from "./pluginAdminRpc.ts";
import { ChangeOnServices, type ChangedServices } from "./ChangeOnServices.ts";

/** The dependencies of {@link ChangeCoordinator}. */
export interface ChangeCoordinatorOptions {
  readonly vortex: PluginVortex;
  /** The file of the last results. */
  readonly historyFile: string;
  /** The `plugin-software` folder of logic. */
  readonly softwareDir: string;
  readonly logger: Logger;
}

/** Makes changes of plugins on all services, one change at a time. */
export class ChangeCoordinator {
  readonly #options: ChangeCoordinatorOptions;
  readonly #turn = new Semaphore(1);
  readonly #history: ChangeHistory;
  /** The archives that administrators upload. */
  readonly uploads: ArchiveUploads;
  #running: AdminHistory["running"];

  constructor(options: ChangeCoordinatorOptions) {
    this.#options = options;
    this.#history = new ChangeHistory(options.historyFile, options.logger);
    this.uploads = new ArchiveUploads(options.softwareDir);
  }

  /** The running change, and the last results. */
  history(): AdminHistory {
    return { ...(this.#running && { running: this.#running }), changes: this.#history.results };
  }

  /**
   * Makes a change after those that were requested before.
   *
   * @param signal Cancels it until the progress says `committing`, and later only the stream.
   */
  change(request: AdminRequest, signal: AbortSignal): AsyncIterable<AdminProgress> {
    const progress = new ItemQueue<AdminProgress>(signal);
    void this.#inTurn(request, progress, signal);
    return progress;
  }

  /**
   * Runs work that may make changes, after the changes that were requested before, and before those that are requested later.
   *
   * @param work Gets a function that makes a change at once.
   */
  async inTurn(work: (make: (request: AdminRequest) => Promise<AdminResult>) => Promise<void>): Promise<void> {
    const { signal } = new AbortController();
    await this.#turn.run(() => work((request) => this.#execute(request, new ItemQueue(signal), signal)), signal);
  }

  /** Never rejects. */
  async #inTurn(request: AdminRequest, progress: ItemQueue<AdminProgress>, signal: AbortSignal): Promise<void> {
    if (this.#running !== undefined) progress.add({ type: "waiting", for: titleOf(this.#running) });
    try {
      await this.#turn.run(async () => {
        const result = await this.#execute(request, progress, signal);
        progress.add({ type: "result", result });
      }, signal);
    } catch (error) {
      // Who cancels a waiting change does not wait for its result.
      if (!signal.aborted)
        this.#options.logger.error({ err: toError(error) }, "%s: %s", titleOf(request), messageOf(error));
    }
    progress.end();
  }

  async #execute(request: AdminRequest, progress: ItemQueue<AdminProgress>, signal: AbortSignal): Promise<AdminResult> {
    const at = new Date().toISOString();
    const began = performance.now();
    this.#running = { ...request, at };
    let changed: ChangedServices;
    try {
      const { vortex, softwareDir } = this.#options;
      const tell = (item: AdminProgress): void => progress.add(item);
      changed = await new ChangeOnServices({ vortex, softwareDir, tell }, request).execute(signal);
    } catch (thrown) {
      const code = PeekError.is(thrown) ? thrown.code : "INTERNAL";
      const error = { code, message: messageOf(thrown) };
      changed = { outcome: code === "INTERNAL" ? "failed" : "refused", services: [], unchanged: [], away: [], error };
    } finally {
      this.#running = undefined;
    }
    if (request.version !== undefined)
      this.#settleUpload(request.plugin, request.version, !request.dryRun && changed.outcome !== "refused");
    const { services: _wanted, ...change } = request;
    const result: AdminResult = { ...change, at, ms: Math.round(performance.now() - began), ...changed };
    if (!request.dryRun) this.#keep(result);
    return result;
  }

  /** An archive that was uploaded for a change stays only when services have got it. */
  #settleUpload(plugin: string, version: string, isUsed: boolean): void {
    if (isUsed) this.uploads.used(plugin, version);
    else this.uploads.discard(plugin, version);
  }

  #keep(result: AdminResult): void {
    this.#history.add(result);
    const { outcome, ms, services, error, by, kind, plugin } = result;
    const where = services.map(summariseOnService).join(", ") || "no service";
    const fields = { audit: "plugin-change", change: kind, plugin, account: by.account, host: by.host, outcome, ms };
    const level = outcome === "done" ? "info" : outcome === "refused" ? "warning" : "error";
    const why = error === undefined ? "" : `: ${error.code}, ${error.message}`;
    this.#options.logger[level](fields, "%s %s in %d ms (%s)%s", titleOf(result), outcome, ms, where, why);
  }
}

/** `logic-k3v9x2m7qd done 1.0.0 → 1.1.0` */
function summariseOnService({ instance, outcome, from, to }: AdminResult["services"][number]): string {
  const isOtherVersion = from?.version !== to?.version && outcome !== "untouched";
  const versions = `${from?.version ?? "none"} → ${to?.version ?? "none"}`;
  return `${instance} ${outcome}${isOtherVersion ? ` ${versions}` : ""}`;
}

function titleOf({ kind, plugin, by }: Pick<AdminRequest, "kind" | "plugin" | "by">): string {
  return `${kind} of ${plugin} by ${by.account} on ${by.host}`;
}
