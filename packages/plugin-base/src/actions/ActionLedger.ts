import type { Transaction } from "kysely";
import type { DeadLetter } from "./PluginActions.ts";

/** A dead letter as it is handed in. */
export type NewDeadLetter = Omit<DeadLetter, "id" | "rejectedAt" | "times">;

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
  /** The device that the client is on. */
  readonly device: string;
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
  | { readonly kind: "foreign" }
  /** As much is kept of its user, or its device, as may be, and all of that was in use lately. */
  | { readonly kind: "full" };

/** How much is kept of the actions of one plugin: data. */
export interface LedgerUsage {
  readonly plugin: string;
  readonly clients: number;
  readonly lanes: number;
  /** How long the outcomes are that are kept; bytes, or less. */
  readonly outcomeBytes: number;
  readonly deadLetters: number;
  readonly deadLetterBytes: number;
  /** Whose bounds are used most, and how much of them; `device:` stands for all who are not logged in. Absent where there is nobody. */
  readonly fullest?: { readonly user: string; readonly percent: number };
}

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
  /**
   * Records that an action was rejected, with its dead letter; unless it is recorded already. Those that are `FORBIDDEN` have one
   * letter for each user and action, without what was pushed.
   */
  reject(plugin: string, request: LedgerRequest, body: string, letter: NewDeadLetter): Promise<LedgerOutcome>;
  deadLetters(plugin: string): Promise<readonly DeadLetter[]>;
  deleteDeadLetter(plugin: string, id: string): Promise<boolean>;
  /** How much is kept, of each plugin that has anything. */
  usage(): Promise<readonly LedgerUsage[]>;
}
