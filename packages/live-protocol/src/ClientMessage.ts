import type { Resume } from "./Position.ts";

/** A message from a browser to the gateway. */
export type ClientMessage =
  /** Subscribes to a channel. @property id The browser's number of the subscription, used once. @property sel The canonical text of the selector. */
  | { readonly t: "sub"; readonly id: number; readonly sel: string; readonly at?: Resume }
  | { readonly t: "unsub"; readonly id: number }
  /** Pushes an action. @property id The browser's number of this attempt, used once. */
  | { readonly t: "act"; readonly id: number; readonly act: PushedActionMessage }
  /** Answers a `beat`. */
  | { readonly t: "beat" }
  /** Asks the gateway for a `pulse` with the same number. Messages that come before the pulse may be older than this request. */
  | { readonly t: "probe"; readonly n: number };

/** An action as a browser pushes it. */
export interface PushedActionMessage {
  /** The action's type. */
  readonly type: string;
  /** The action as `encode` made it. */
  readonly body: string;
  readonly client: string;
  readonly lane: string;
  readonly seq: number;
  readonly after: number;
  readonly acked: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Canonical selectors of the channels whose positions the browser needs after the action; at most 16. */
  readonly watch: readonly string[];
  /** The fingerprint of the page's version of the type; empty where the page does not use the type yet. */
  readonly contract?: string;
}
