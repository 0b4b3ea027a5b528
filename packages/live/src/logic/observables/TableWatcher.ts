import { setTimeout } from "node:timers/promises";
import { toError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import type { TableChange } from "@peek/plugin-base";
import type { ChangeSource, WatchedTables } from "@peek/plugin-base/internal";
import type { ChangeProgress } from "./ChannelCurrency.ts";

/** Options of a {@link TableWatcher}. */
export interface TableWatcherOptions {
  /** Returns undefined until there is one. */
  readonly source: () => ChangeSource | undefined;
  readonly plugin: string;
  readonly tables: readonly string[];
  /** Whether the changes have rows. */
  readonly rows: boolean;
  /** Called with committed changes. Must not throw. */
  readonly onChange: (changes: readonly TableChange[]) => void;
  /** Called when every change from now on is going to be reported. */
  readonly onInstalled: () => void;
  /** Called when an attempt to follow the tables has failed; another one follows. */
  readonly onFailure: (error: Error) => void;
}

/** The longest wait before another attempt. */
const maxBackoffMs = 10_000;

/** Follows tables as soon as that is possible, until it is disposed. */
export class TableWatcher implements ChangeProgress, AsyncDisposable {
  readonly #options: TableWatcherOptions;
  readonly #closing = new AbortController();
  readonly #installing: Promise<void>;
  #followed: WatchedTables | undefined;

  constructor(options: TableWatcherOptions) {
    this.#options = options;
    this.#installing = this.#install();
  }

  get reportedUntil(): number {
    return this.#followed?.reportedUntil ?? -Infinity;
  }

  get trouble(): string | undefined {
    return this.#followed === undefined ? "Changes in the database cannot be followed yet" : this.#followed.trouble;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#installing;
    await this.#followed?.[Symbol.asyncDispose]();
  }

  /** Never rejects. */
  async #install(): Promise<void> {
    const { source, plugin, tables, rows, onChange, onInstalled, onFailure } = this.#options;
    const { signal } = this.#closing;
    const backoff = new Backoff({ maxMs: maxBackoffMs });
    const onChanges = (changes: readonly TableChange[]): void => {
      if (!signal.aborted) onChange(changes);
    };
    while (!signal.aborted) {
      try {
        const followed = await source()?.watch(plugin, { tables, rows, signal }, onChanges);
        if (followed !== undefined) {
          this.#followed = followed;
          if (!signal.aborted) onInstalled();
          return;
        }
      } catch (error) {
        if (!signal.aborted) onFailure(toError(error));
      }
      await setTimeout(backoff.next(), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
