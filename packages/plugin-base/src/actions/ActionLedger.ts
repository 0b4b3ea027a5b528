import type { Transaction } from "kysely";
import type { DeadLetter } from "./PluginActions.ts";

/** Which action it is: nobody else's has the same. */
export interface ActionKey {
  /** The queue of one user on one device. */
  readonly client: string;
  /** A client's actions of one lane are executed in the order of their sequence. */
  readonly lane: string;
  /** Rises within a lane; from 1. */
  readonly sequence: number;
}

/** What the ledger is told of an action before it is executed. */
export interface LedgerRequest extends ActionKey {
  /** The one before it in its lane that its client has not been told the outcome of; 0: there is none. */
  readonly after: number;
  /** Of those up to this, the client knows the outcomes: they need not be kept. */
  readonly acknowledged: number;
  /** A client is its first user's. */
  readonly userId: string;
}

/** What has become of an action. */
export type LedgerOutcome =
  /** @property body What was recorded then. */
  | { readonly kind: "done" | "rejected"; readonly body: string; readonly repeated: boolean }
  /** It was done or rejected, and its client said that it knew: the outcome is no longer kept. */
  | { readonly kind: "forgotten" }
  /** One before it in its lane was not executed yet. @property last The last that was; 0: none. */
  | { readonly kind: "early"; readonly last: number }
  /** The client is another user's. */
  | { readonly kind: "foreign" };

/** Records which actions were executed, in the transaction in which they are. */
export interface ActionLedger {
  /**
   * Executes an action of a plugin, once: when it is recorded already, the recorded outcome is given and the work is not done.
   *
   * @param work What the action does, within a transaction of the plugin's own; gives the body to be recorded. When it throws,
   *   nothing has happened, and the error is passed on. On a conflict it is run again from the beginning.
   */
  execute(
    plugin: string,
    request: LedgerRequest,
    work: (transaction: Transaction<Record<string, never>>) => Promise<string>,
  ): Promise<LedgerOutcome>;
  /** Records that an action was rejected, with its dead letter; unless it is recorded already. */
  reject(
    plugin: string,
    request: LedgerRequest,
    body: string,
    letter: Omit<DeadLetter, "id" | "rejectedAt">,
  ): Promise<LedgerOutcome>;
  deadLetters(plugin: string): Promise<readonly DeadLetter[]>;
  deleteDeadLetter(plugin: string, id: string): Promise<boolean>;
}
