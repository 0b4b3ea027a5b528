import type { PeekError } from "@peek/errors";
import type { ChannelContext } from "./ChannelContext.ts";
import { logSlowLoad } from "./loadFailure.ts";
import { ProviderLoad } from "./ProviderLoad.ts";
import { readRows } from "./readRows.ts";

const defaultMaxTuples = 10_000;
/** After how long a load is logged as slow. */
const slowLoadMs = 10_000;

/** Loads the tuples of one channel from its provider. */
export class ChannelLoader {
  readonly #context: ChannelContext;
  readonly #selector: unknown;
  readonly #scope: string;
  /** The call in progress; or the one that was aborted, when the loader was closed. */
  #load: ProviderLoad | undefined;
  #isClosed = false;

  /** @param selector As the provider's schema has parsed it. */
  constructor(context: ChannelContext, selector: unknown, scope: string) {
    this.#context = context;
    this.#selector = selector;
    this.#scope = scope;
  }

  /**
   * Calls load(), and checks its result.
   *
   * @returns The JSON of each tuple by its key, in order; and when load() returned, by `performance.now()`.
   * @throws As {@link ProviderLoad.result} and {@link readRows}.
   */
  async load(): Promise<{ readonly rows: ReadonlyMap<string, string>; readonly returnedAt: number }> {
    const returned = await this.#call();
    const { type, provider } = this.#context;
    const returnedAt = performance.now();
    const rows = await readRows(returned, type, provider.maxTuples ?? defaultMaxTuples);
    return { rows, returnedAt };
  }

  /** Aborts the call in progress. */
  close(error: PeekError): void {
    this.#isClosed = true;
    this.#load?.abort(error);
  }

  /** Resolves when load() has returned, or has exceeded its deadline. Only after {@link close}. */
  async ended(): Promise<void> {
    await this.#load?.ended;
  }

  async #call(): Promise<unknown> {
    const { provider, run, loadDeadlineMs } = this.#context;
    const load = (signal: AbortSignal): unknown => provider.load(this.#selector, { scope: this.#scope, signal });
    const slow = setTimeout(() => logSlowLoad(this.#context, slowLoadMs), slowLoadMs).unref();
    try {
      this.#load = new ProviderLoad(load, run, loadDeadlineMs);
      return await this.#load.result;
    } finally {
      clearTimeout(slow);
      // Its result need not stay in memory.
      if (!this.#isClosed) this.#load = undefined;
    }
  }
}
