import { setTimeout } from "node:timers/promises";
import { toError } from "@peek/errors";
import type { TableChange } from "@peek/plugin-base";
import type { ChangeSource, FollowedTables } from "@peek/plugin-base/internal";
import { Backoff } from "@peek/kit";
import type { ChangesTold } from "./ChannelCurrency.ts";

/** What a {@link TableWatch} is made of. */
export interface TableWatchOptions {
  /** Undefined while there is none yet. */
  readonly source: () => ChangeSource | undefined;
  readonly plugin: string;
  readonly tables: readonly string[];
  readonly rows: boolean;
  /** Told what was committed. Must not throw. */
  readonly onChange: (changes: readonly TableChange[]) => void;
  /** Told when every change from now on will be told. */
  readonly onInstalled: () => void;
  /** Told why the tables cannot be followed; it is tried again. */
  readonly onTrouble: (error: Error) => void;
}

/** The longest wait before another try; milliseconds. */
const maxPauseMs = 10_000;

/** Follows tables, as soon as that is possible, until it is disposed. */
export class TableWatch implements ChangesTold, AsyncDisposable {
  readonly #options: TableWatchOptions;
  readonly #closing = new AbortController();
  readonly #installed: Promise<void>;
  #followed: FollowedTables | undefined;

  constructor(options: TableWatchOptions) {
    this.#options = options;
    this.#installed = this.#install();
  }

  get toldUntil(): number {
    return this.#followed?.toldUntil ?? -Infinity;
  }

  get trouble(): string | undefined {
    return this.#followed === undefined ? "Changes in the database cannot be followed yet" : this.#followed.trouble;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#installed;
    await this.#followed?.[Symbol.asyncDispose]();
  }

  async #install(): Promise<void> {
    const { source, plugin, tables, rows, onChange, onInstalled, onTrouble } = this.#options;
    const { signal } = this.#closing;
    const backoff = new Backoff({ maxMs: maxPauseMs });
    const told = (changes: readonly TableChange[]): void => {
      if (!signal.aborted) onChange(changes);
    };
    while (!signal.aborted) {
      try {
        const watch = await source()?.watch(plugin, { tables, rows, signal }, told);
        if (watch !== undefined) {
          this.#followed = watch;
          if (!signal.aborted) onInstalled();
          return;
        }
      } catch (error) {
        if (!signal.aborted) onTrouble(toError(error));
      }
      await setTimeout(backoff.next(), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
