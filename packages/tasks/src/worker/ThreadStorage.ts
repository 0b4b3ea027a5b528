import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { AnyStorage, OpenThreadStorage } from "@peek/plugin-base/internal";
import type { ThreadCommand } from "./threadMessages.ts";

type StorageOrder = Exclude<ThreadCommand, { readonly kind: "abort" }>;

/** The storage of one try of a heavy task, in its thread: opened when the handler first asks for it. */
export class ThreadStorage implements AsyncDisposable {
  readonly #ask: () => void;
  readonly #answer = Promise.withResolvers<StorageOrder>();
  #opening: Promise<AsyncDisposable & { readonly storage: AnyStorage }> | undefined;
  #closing: Promise<void> | undefined;

  /** @param ask Asks the worker for a connection, who answers by {@link answered}. */
  constructor(ask: () => void) {
    this.#ask = ask;
    this.#answer.promise.catch(() => undefined);
  }

  answered(order: StorageOrder): void {
    this.#answer.resolve(order);
  }

  /** @throws PeekError as the worker has told; `STORAGE_CLOSED` after the task's end. */
  async open(): Promise<AnyStorage> {
    if (this.#closing !== undefined) throw closed();
    this.#opening ??= this.#open();
    return (await this.#opening).storage;
  }

  /**
   * Closes the connection, so that what was not committed is rolled back.
   *
   * @throws PeekError `STORAGE_CONNECTIONS_LEAKED` when something was still under way.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<AsyncDisposable & { readonly storage: AnyStorage }> {
    this.#ask();
    const order = await this.#answer.promise;
    if (order.kind === "noStorage") throw new PeekError(order.code as PeekErrorCode, order.message);
    const { default: open } = (await import(order.module)) as { readonly default: OpenThreadStorage };
    return open(order.settings);
  }

  async #close(): Promise<void> {
    if (this.#opening === undefined) return;
    this.#answer.reject(closed());
    const opened = await this.#opening.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}

function closed(): PeekError {
  return new PeekError(
    "STORAGE_CLOSED",
    "The task has ended, and its storage with it. Await every query before it returns.",
  );
}
