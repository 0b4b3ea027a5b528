import { PeekError } from "@peek/errors";

/**
 * What the handler of an action throws when it cannot be executed now: all is rolled back, and it is tried again, for as long as
 * it takes; what comes after it in its lane waits.
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
