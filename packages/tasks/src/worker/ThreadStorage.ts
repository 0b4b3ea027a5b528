import { PeekError, type PeekErrorCode } from "@peek/errors";
import type { AnyStorage, OpenThreadStorage } from "@peek/plugin-base/internal";
import type { ThreadCommand } from "./threadMessages.ts";

type StorageCommand = Exclude<ThreadCommand, { readonly kind: "abort" }>;

/** The storage of one try of a heavy task, in its thread. It opens when the handler first uses it. */
export class ThreadStorage implements AsyncDisposable {
  readonly #ask: () => void;
  readonly #answer = Promise.withResolvers<StorageCommand>();
  #opening: Promise<AsyncDisposable & { readonly storage: AnyStorage }> | undefined;
  #closing: Promise<void> | undefined;

  /** @param ask Requests a connection from the worker, which answers by {@link answered}. */
  constructor(ask: () => void) {
    this.#ask = ask;
    this.#answer.promise.catch(() => undefined);
  }

  answered(command: StorageCommand): void {
    this.#answer.resolve(command);
  }

  /** @throws PeekError as the worker has answered; `STORAGE_CLOSED` after the end of the task. */
  async open(): Promise<AnyStorage> {
    if (this.#closing !== undefined) throw closed();
    this.#opening ??= this.#open();
    return (await this.#opening).storage;
  }

  /**
   * Closes the connection, which rolls back an open transaction.
   *
   * @throws PeekError `STORAGE_CONNECTIONS_LEAKED` when a query was still running.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<AsyncDisposable & { readonly storage: AnyStorage }> {
    this.#ask();
    const command = await this.#answer.promise;
    if (command.kind === "noStorage") throw new PeekError(command.code as PeekErrorCode, command.message);
    const { default: open } = (await import(command.module)) as { readonly default: OpenThreadStorage };
    return open(command.settings);
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
    "The task has ended and its storage is closed. Await every query before the handler returns.",
  );
}
