import { PeekError } from "@peek/errors";

/**
 * The handler of an action throws it when the action cannot be executed now: the transaction is rolled back, and the action is
 * retried until it succeeds; later actions in its lane wait.
 *
 * ```ts
 * throw new ActionPutOff("The pump's controller does not answer");
 * ```
 */
export class ActionPutOff extends PeekError {
  constructor(message: string, options: { readonly cause?: unknown; readonly fields?: PeekError["fields"] } = {}) {
    super("ACTION_PUT_OFF", message, options);
  }
}
