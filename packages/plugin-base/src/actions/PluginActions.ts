import type { Transaction } from "kysely";
import type { ActionType } from "../contracts/ActionType.ts";
import type { PeekUser } from "../users/PeekUser.ts";

/** What a handler knows of the action that it executes. */
export interface ActionContext<Tables extends object> {
  /**
   * The transaction in which the action is recorded as done. What the handler changes by it is committed together with that,
   * or not at all; what it changes elsewhere may happen more than once.
   */
  readonly transaction: Transaction<Tables>;
  /** Who has pushed it. */
  readonly user: PeekUser;
  /** The device it was pushed on. */
  readonly device: string;
  /** When it was pushed, by the device's clock; ISO 8601, UTC. */
  readonly pushedAt: string;
  /** Fires when the plugin stops, or the action takes too long. */
  readonly signal: AbortSignal;
}

/** Executes the actions of a type. */
export type ActionHandler<Tables extends object, T, ResultInput> = (
  action: T,
  context: ActionContext<Tables>,
) => ResultInput | PromiseLike<ResultInput>;

/** How actions of a type are executed. */
export interface ActionHandleOptions {
  /** Whether a user may do it, asked before each. Default: all may whom the service lets in. */
  readonly authorize?: (user: PeekUser) => boolean | PromiseLike<boolean>;
  /** How long the handler may take; milliseconds. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** An action that was not executed, and never will be by itself. */
export interface DeadLetter {
  readonly id: string;
  /** The action's type: `<plugin>.<Action>`. */
  readonly action: string;
  /** What was pushed, as the device encoded it; empty where the user may not do it (`FORBIDDEN`). */
  readonly body: string;
  readonly user: PeekUser;
  readonly device: string;
  /** ISO 8601, UTC. */
  readonly pushedAt: string;
  /** When it was rejected; ISO 8601, UTC. */
  readonly rejectedAt: string;
  /** Why: `ACTION_REJECTED` when the handler rejected it, `ACTION_FAILED` when it failed each time, `DATA_INVALID`, `FORBIDDEN`. */
  readonly code: string;
  readonly message: string;
  /** How many rejections it stands for: one, but for `FORBIDDEN`, of which there is one letter for each user and action, the last. */
  readonly times: number;
}

/** `platform.actions` on logic: what users do. */
export interface PluginActions<Tables extends object> {
  /**
   * Executes the actions of a type, each exactly once, those of one lane of a device in their order.
   *
   * ```ts
   * actions.handle(AddIntValue, async ({ id, offset }, { transaction }) => {
   *   await transaction.updateTable("string_int").set((row) => ({ int1: row("int1", "+", offset) })).where("id", "=", id).execute();
   * });
   * ```
   *
   * A handler that throws an `ActionRejection` has rejected the action for good. On an `ActionPutOff`, and on an error that
   * passes (the database cannot be reached, a conflict, a statement or a call to another service that took too long) all is rolled
   * back and the action is tried again later. On any other error, and when it takes longer than it may, it is tried three times
   * in all, and then rejected as `ACTION_FAILED`. Rejected actions are kept as dead letters; those that come
   * after them are executed.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's; `ACTION_ALREADY_HANDLED`;
   *   `ACTION_NEEDS_STORAGE` where plugin_package.json does not require `storage`.
   */
  handle<T, Input, Result, ResultInput>(
    type: ActionType<T, Input, Result, ResultInput>,
    handler: ActionHandler<Tables, T, ResultInput>,
    options?: ActionHandleOptions,
  ): AsyncDisposable;
  /** The dead letters of this plugin, the newest first, at most 1,000. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** Deletes a dead letter. Returns whether it was there. */
  deleteDeadLetter(id: string): Promise<boolean>;
}

/** `platform.actions` on field and office. */
export interface PluginExposedActions {
  /**
   * Lets the browsers of this service push actions of a type, which logic executes, until it is disposed or the plugin stops.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's; `ACTION_ALREADY_HANDLED` when
   *   it is exposed already.
   */
  expose(type: ActionType<unknown, unknown, unknown, unknown>): Disposable;
}
