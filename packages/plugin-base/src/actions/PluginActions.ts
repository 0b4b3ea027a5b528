import type { Transaction } from "kysely";
import type { ActionType } from "../contracts/ActionType.ts";
import type { PeekUser } from "../users/PeekUser.ts";

/** The context of an action for its handler. */
export interface ActionContext<Tables extends object> {
  /**
   * The transaction in which the action is recorded as done. The handler's changes in it are committed together with that record,
   * or not at all; changes elsewhere may happen more than once.
   */
  readonly transaction: Transaction<Tables>;
  /** The user who pushed it. */
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
  /** Whether a user may push the action, checked for each action. Default: all users of the service may. */
  readonly authorize?: (user: PeekUser) => boolean | PromiseLike<boolean>;
  /** How long the handler may take. Default: 30,000. */
  readonly deadlineMs?: number;
}

/** An action that was rejected, and is not retried. */
export interface DeadLetter {
  readonly id: string;
  /** The action's type: `<plugin>.<Action>`. */
  readonly action: string;
  /** The pushed data as the device encoded it; empty for a `FORBIDDEN` action. */
  readonly body: string;
  readonly user: PeekUser;
  readonly device: string;
  /** ISO 8601, UTC. */
  readonly pushedAt: string;
  /** When it was rejected; ISO 8601, UTC. */
  readonly rejectedAt: string;
  /** Why: `ACTION_REJECTED` when the handler rejected it, `ACTION_FAILED` when it failed at every attempt, `DATA_INVALID`, `FORBIDDEN`. */
  readonly code: string;
  readonly message: string;
  /** The number of rejections: 1, except for `FORBIDDEN`, which has one letter for each user and action, with the last one. */
  readonly times: number;
}

/** `platform.actions` on logic: executing the actions of users. */
export interface PluginActions<Tables extends object> {
  /**
   * Executes the actions of a type, each exactly once, and those of one lane of a device in order.
   *
   * ```ts
   * actions.handle(AddIntValue, async ({ id, offset }, { transaction }) => {
   *   await transaction.updateTable("string_int").set((row) => ({ int1: row("int1", "+", offset) })).where("id", "=", id).execute();
   * });
   * ```
   *
   * A handler that throws an `ActionRejection` rejects the action for good. After an `ActionPutOff` or a temporary error (the
   * database cannot be reached, a conflict, a timeout of a statement or of a call to another service), the transaction is rolled
   * back and the action is retried later. After any other error, or when it exceeds its deadline, it is attempted three times in
   * all, and then rejected as `ACTION_FAILED`. Rejected actions are stored as dead letters; later actions are executed.
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
  /** Deletes a dead letter. Returns whether it existed. */
  deleteDeadLetter(id: string): Promise<boolean>;
}

/** `platform.actions` on field and office. */
export interface PluginExposedActions {
  /**
   * Allows the browsers of this service to push actions of a type, which logic executes, until the result is disposed or the
   * plugin stops.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's; `ACTION_ALREADY_HANDLED` when it is
   *   already exposed.
   */
  expose(type: ActionType<unknown, unknown, unknown, unknown>): Disposable;
}
