import { setTimeout } from "node:timers/promises";
import { hookTitle } from "../hooks/HookRunner.ts";
import type { PluginRecord } from "../PluginRecord.ts";
import { changeCancelled } from "./changeCancelled.ts";
import type { ChangeContext } from "./ChangeQueue.ts";
import type { ChangeParts } from "./ChangeParts.ts";
import type { PreparedChange } from "./ChangePreparer.ts";
import type { ChangeError, ChangeOutcome } from "./PluginChange.ts";
import { Replacement } from "./Replacement.ts";
import type { StepTimer } from "./StepTimer.ts";
import { Suspensions } from "./Suspensions.ts";

/** How long a new generation is watched for errors, in milliseconds, unless the options say otherwise. */
const defaultProbeMs = 10_000;

/** The outcome of the steps that stop and start plugins. */
export interface CommitResult {
  readonly outcome: Exclude<ChangeOutcome, "refused">;
  readonly error?: ChangeError;
}

/** Executes a prepared change: the steps that stop and start plugins. */
export class ChangeCommitter {
  readonly #parts: ChangeParts;
  readonly #change: PreparedChange;
  readonly #steps: StepTimer;
  readonly #signal: AbortSignal;
  readonly #probeEnd: AbortSignal;
  readonly #replacement: Replacement;

  constructor(
    parts: ChangeParts,
    change: PreparedChange,
    steps: StepTimer,
    { signal, probeEnd }: Pick<ChangeContext, "signal" | "probeEnd">,
  ) {
    this.#parts = parts;
    this.#change = change;
    this.#steps = steps;
    this.#signal = signal;
    this.#probeEnd = probeEnd;
    this.#replacement = new Replacement(parts, change, steps);
  }

  async commit(): Promise<CommitResult> {
    const result = await this.#replace();
    if (result.outcome !== "done" || this.#change.next === undefined) return result;
    return await this.#probe();
  }

  async #replace(): Promise<CommitResult> {
    const replacement = this.#replacement;
    const suspensions = this.#suspensions();
    try {
      this.#steps.begin("suspend");
      await suspensions.suspend(replacement.toStop, this.#signal);
      if (this.#signal.aborted) return this.#cancelled();
      this.#steps.begin("stop");
      await replacement.takeDown(replacement.toStop);
      if (this.#signal.aborted) return this.#cancelled();
      await replacement.takeUpNew();
      return await this.#settle(suspensions);
    } finally {
      this.#steps.begin("resume");
      suspensions[Symbol.dispose]();
    }
  }

  /** Watches the new generations for some time, while they work. */
  async #probe(): Promise<CommitResult> {
    const { probeMs = defaultProbeMs } = this.#parts.options;
    // A version that is brought back has run before, and there is nothing else to go back to.
    if (probeMs <= 0 || this.#change.request.isRevert === true) return { outcome: "done" };
    this.#steps.begin("probe");
    const { started, watched } = this.#replacement;
    using suspensions = this.#suspensions();
    let suspended: Promise<void> | undefined;
    const suspend = (): Promise<void> => (suspended ??= suspensions.suspend(started, this.#signal));
    // Work that arrives while the version before is brought back waits for it.
    using _held = this.#parts.lifecycle.beforeTeardown((record) =>
      this.#isRevertible && started.includes(record) ? suspend() : undefined,
    );
    const over = new AbortController();
    const time = setTimeout(probeMs, undefined, {
      signal: AbortSignal.any([this.#signal, this.#probeEnd, over.signal]),
    });
    await Promise.allSettled([Promise.race([time, ...watched.map((record) => record.failedOrBlocked)])]);
    over.abort();
    await Promise.allSettled([time]);
    return await this.#settle(suspensions);
  }

  /** Determines the outcome by the states of the new generations, and reverts the change if one of them has failed. */
  async #settle(suspensions: Suspensions): Promise<CommitResult> {
    const { failed, watched } = this.#replacement;
    if (watched.every((record) => record.isIn("started"))) return { outcome: "done" };
    if (this.#signal.aborted) return this.#cancelled();
    const plugin = this.#parts.registry.find(this.#change.request.plugin);
    // Where there is nothing to go back to, the failure of another plugin is only the failure of that one.
    const isDone = !this.#isRevertible && (plugin === undefined || plugin.isIn("started"));
    if (failed === undefined || isDone) return { outcome: "done" };
    const reason = this.#describe(failed);
    const { code = "INTERNAL", place } = failed.failure ?? {};
    const at = place === undefined ? {} : { place };
    if (!this.#isRevertible) {
      await this.#parts.lifecycle.teardowns();
      return { outcome: "failed", error: { code, message: `${reason}${this.#blocked()}`, ...at } };
    }
    const { outcome, message } = await this.#revert(suspensions);
    return { outcome, error: { code, message: `${reason} ${message}`, ...at } };
  }

  /** Starts the versions before the change again. */
  async #revert(
    suspensions: Suspensions,
  ): Promise<{ readonly outcome: "reverted" | "failed"; readonly message: string }> {
    const replacement = this.#replacement;
    const { request, before } = this.#change;
    this.#steps.begin("revert");
    await suspensions.suspend(replacement.started, this.#signal);
    await replacement.takeDown(replacement.started);
    if (this.#signal.aborted) return { outcome: "failed", message: "The service is stopping." };
    await replacement.takeUpOld();
    const present = this.#parts.registry.find(request.plugin);
    const { failed } = replacement;
    if (present === undefined) return { outcome: "reverted", message: `${request.plugin} is not enabled.` };
    const version = before.get(request.plugin)?.manifest.plugin.version;
    if (present.isIn("started")) {
      const message = `Version ${version} runs again, as generation ${present.generation}.`;
      return { outcome: "reverted", message: failed === undefined ? message : `${message} ${this.#describe(failed)}` };
    }
    const why = this.#describe(failed ?? present);
    return { outcome: "failed", message: `Version ${version} does not run again either: ${why}${this.#blocked()}` };
  }

  /** Whether a failure brings the version before back: it ran, or the plugin was not enabled. */
  get #isRevertible(): boolean {
    const { request, plan } = this.#change;
    return request.kind === "enable" || (request.kind === "reload" && plan.stop.includes(request.plugin));
  }

  #describe(record: PluginRecord): string {
    const { failure } = record;
    const hook = failure?.hook;
    const where = hook === undefined ? "" : ` in ${hookTitle(hook)}`;
    const { version } = record.manifest.plugin;
    return `${record.name} ${version} (generation ${record.generation}) ${record.state}${where}: ${sentence(failure?.message ?? "")}`;
  }

  #blocked(): string {
    const blocked = this.#replacement.started.filter((record) => record.isIn("blocked"));
    return blocked.length === 0 ? "" : ` Blocked with it: ${blocked.map(({ name }) => name).join(", ")}.`;
  }

  #cancelled(): CommitResult {
    const { code, message } = changeCancelled(this.#change.request);
    return { outcome: "failed", error: { code, message } };
  }

  #suspensions(): Suspensions {
    const { options, logger } = this.#parts;
    const { extensions = [], deadlines } = options;
    return new Suspensions({ extensions, suspendMs: deadlines.suspendMs, logger });
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
