import { messageOf, toError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { PlatformExtension } from "../PlatformExtension.ts";
import type { PluginRecord } from "../PluginRecord.ts";

/** How long an extension may take to react to the deadline. */
const graceMs = 1000;

/** The dependencies of {@link Suspensions}. */
export interface SuspensionsOptions {
  readonly extensions: readonly PlatformExtension[];
  /** How long the work under way is waited for. */
  readonly suspendMs: number;
  readonly logger: Logger;
}

/** Has the extensions hold back the work of plugins while these are replaced. */
export class Suspensions implements Disposable {
  readonly #options: SuspensionsOptions;
  readonly #names = new Set<string>();
  readonly #held: Disposable[] = [];
  #hasResumed = false;

  constructor(options: SuspensionsOptions) {
    this.#options = options;
  }

  /**
   * Suspends those of the plugins that are in memory and not suspended yet, dependants first, and waits until their work under
   * way is done, or the deadline has passed.
   *
   * @param records Dependencies first.
   * @param signal Fires when nothing is waited for any longer.
   */
  async suspend(records: readonly PluginRecord[], signal: AbortSignal): Promise<void> {
    const deadline = new AbortController();
    const end = (): void => deadline.abort();
    const timer = setTimeout(end, this.#options.suspendMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      for (const record of records.toReversed()) {
        if (record.live?.instance !== undefined && !this.#names.has(record.name))
          await this.#suspend(record, deadline.signal);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
  }

  /** Resumes: what waits goes to the present generations. */
  [Symbol.dispose](): void {
    this.#hasResumed = true;
    for (const held of this.#held.splice(0).toReversed()) this.#resume(held);
  }

  async #suspend(record: PluginRecord, signal: AbortSignal): Promise<void> {
    this.#names.add(record.name);
    const extensions = this.#options.extensions.filter((extension) => extension.appliesTo(record.info));
    await Promise.all(extensions.map((extension) => this.#suspendIn(extension, record, signal)));
  }

  async #suspendIn(extension: PlatformExtension, record: PluginRecord, signal: AbortSignal): Promise<void> {
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
    let timer: NodeJS.Timeout | undefined;
    const onDeadline = (): void => {
      timer = setTimeout(giveUp, graceMs);
    };
    if (signal.aborted) onDeadline();
    signal.addEventListener("abort", onDeadline);
    await Promise.race([this.#hold(extension, record, signal), givenUp]);
    signal.removeEventListener("abort", onDeadline);
    clearTimeout(timer);
  }

  async #hold(extension: PlatformExtension, record: PluginRecord, signal: AbortSignal): Promise<void> {
    try {
      const held = await extension.suspend?.(record.info, signal);
      if (held === undefined) return;
      if (this.#hasResumed) this.#resume(held);
      else this.#held.push(held);
    } catch (error) {
      const { logger } = this.#options;
      logger.warning({ err: toError(error) }, "%s: failed to hold back its work: %s", record.title, messageOf(error));
    }
  }

  #resume(held: Disposable): void {
    try {
      held[Symbol.dispose]();
    } catch (error) {
      this.#options.logger.error(
        { err: toError(error) },
        "Failed to resume the work of a plugin: %s",
        messageOf(error),
      );
    }
  }
}
