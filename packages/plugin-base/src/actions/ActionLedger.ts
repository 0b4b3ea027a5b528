import type { Transaction } from "kysely";
import type { DeadLetter } from "./PluginActions.ts";

/** A dead letter that is to be stored. */
export type NewDeadLetter = Omit<DeadLetter, "id" | "rejectedAt" | "times">;

/** The unique key of an action. */
export interface ActionKey {
  /** The queue of one user on one device. */
  readonly client: string;
  /** A client's actions of one lane are executed in the order of their sequence. */
  readonly lane: string;
  /** Rises within a lane; from 1. */
  readonly sequence: number;
}

/** An action that is to be executed, for the ledger. */
export interface LedgerRequest extends ActionKey {
  /** The sequence of the previous action in its lane whose outcome the client does not know; 0: none. */
  readonly after: number;
  /** The client knows the outcomes of all actions up to this sequence: they need not be stored. */
  readonly acknowledged: number;
  /** A client belongs to its first user. */
  readonly userId: string;
  /** The device that the client is on. */
  readonly device: string;
}

/** The outcome of an action. */
export type LedgerOutcome =
  /** @property body The recorded outcome. */
  | { readonly kind: "done" | "rejected"; readonly body: string; readonly repeated: boolean }
  /** It was done or rejected, and its client has acknowledged the outcome, which is no longer stored. */
  | { readonly kind: "forgotten" }
  /** A previous action in its lane was not executed yet. @property last The sequence of the last executed one; 0: none. */
  | { readonly kind: "early"; readonly last: number }
  /** The client belongs to another user. */
  | { readonly kind: "foreign" }
  /** The quota of its user or device is used up, and all of it was in use lately. */
  | { readonly kind: "full" };

/** How much the ledger stores of the actions of one plugin: data. */
export interface LedgerUsage {
  readonly plugin: string;
  readonly clients: number;
  readonly lanes: number;
  /** The size of the stored outcomes, at most; bytes. */
  readonly outcomeBytes: number;
  readonly deadLetters: number;
  readonly deadLetterBytes: number;
  /** The user with the highest use of the quota; `device:` stands for all anonymous users. Absent without users. */
  readonly fullest?: { readonly user: string; readonly percent: number };
}

/** Records executed actions in the transactions that execute them. */
export interface ActionLedger {
  /**
   * Executes an action of a plugin once: when it is already recorded, the recorded outcome is returned, and the work is not done.
   *
   * @param work Executes the action within a transaction of the plugin, and returns the body to be recorded. When it throws, the
   *   transaction is rolled back, and the error is passed on. On a conflict it is run again from the beginning.
   */
  execute(
    plugin: string,
    request: LedgerRequest,
    work: (transaction: Transaction<Record<string, never>>) => Promise<string>,
  ): Promise<LedgerOutcome>;
  /**
   * Records that an action was rejected, with its dead letter, unless it is already recorded. `FORBIDDEN` actions have one letter
   * for each user and action, without the pushed data.
   */
  reject(plugin: string, request: LedgerRequest, body: string, letter: NewDeadLetter): Promise<LedgerOutcome>;
  deadLetters(plugin: string): Promise<readonly DeadLetter[]>;
  deleteDeadLetter(plugin: string, id: string): Promise<boolean>;
  /** How much is stored for each plugin that has actions. */
  usage(): Promise<readonly LedgerUsage[]>;
}
