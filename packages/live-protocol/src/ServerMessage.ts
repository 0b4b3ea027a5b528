import type { Delta } from "./Delta.ts";
import type { Position } from "./Position.ts";

/** A message from the gateway to a browser. */
export type ServerMessage =
  /**
   * The first message. @property beatMs The longest time between two requests for a sign of life. @property pulseMs The longest time
   * between two signs of life of the gateway: after a longer silence, the browser's data may be stale. Absent: the gateway sends no
   * `pulse` and accepts no `probe`. @property upstream, age, why As in `up`.
   */
  | {
      readonly t: "hi";
      readonly user: { readonly id: string; readonly name: string; readonly anonymous: boolean };
      readonly device: string;
      readonly beatMs: number;
      readonly pulseMs?: number;
      readonly upstream: boolean;
      readonly age?: number;
      readonly why?: string;
    }
  /** Asks for a `beat` of the browser. */
  | { readonly t: "beat" }
  /** A sign of life. @property n The number of the `probe` that it answers. */
  | { readonly t: "pulse"; readonly n?: number }
  /**
   * Whether the gateway is connected to logic, and so knows the current state. While it is not, all channels are stale; each is live
   * again with the next message about it. @property age Milliseconds since the state was last known. @property why For people.
   */
  | { readonly t: "up"; readonly on: boolean; readonly age?: number; readonly why?: string }
  /**
   * A subscription has begun; the messages of channel `c` concern it from here on. The gateway numbers its channels: its messages are the
   * same for all subscribers, and are encoded once. @property key The key fields of the tuples.
   */
  | { readonly t: "on"; readonly id: number; readonly c: number; readonly key: readonly string[] }
  /** A subscription was refused or has ended. @property code `FORBIDDEN`, `OBSERVABLE_UNKNOWN`, `SUBSCRIPTION_LIMIT`, `DATA_INVALID`, ... */
  | { readonly t: "off"; readonly id: number; readonly code: string; readonly msg: string }
  /** A snapshot: all tuples of a channel, in order. @property e, o Their position: epoch and offset. */
  | { readonly t: "s"; readonly c: number; readonly e: string; readonly o: number; readonly rows: readonly unknown[] }
  /**
   * A delta from one position of a channel to another. A browser at another position than `f` (of epoch `fe`; absent: `e`) ignores it
   * if it is at or beyond `o`, and subscribes again otherwise.
   */
  | ({
      readonly t: "d";
      readonly c: number;
      readonly e: string;
      readonly fe?: string;
      readonly f: number;
      readonly o: number;
    } & Delta)
  /** The browser's tuples are current; the position may have changed. */
  | { readonly t: "u"; readonly c: number; readonly e: string; readonly o: number }
  /**
   * The channel is stale until `current`. Changes may come meanwhile. The message is repeated if `age` has changed by more than the
   * time that passed. @property age Milliseconds since the channel was last known to be current. @property why For people.
   */
  | { readonly t: "stale"; readonly c: number; readonly age: number; readonly why: string }
  | { readonly t: "current"; readonly c: number }
  /** The outcome of an action. @property id The number of the `act` that it answers. */
  | { readonly t: "res"; readonly id: number; readonly out: ActionOutcomeMessage }
  /** The gateway refused a message of the browser. It may close the connection next. */
  | { readonly t: "err"; readonly code: string; readonly msg: string };

/** The outcome of an action. */
export type ActionOutcomeMessage =
  /**
   * @property result The result as `encode` made it. @property at For each selector of `watch`: the position that contains the action's
   * effects; null if nobody is subscribed to the channel.
   */
  | { readonly kind: "done"; readonly result: string; readonly at: readonly (Position | null)[] }
  | {
      readonly kind: "rejected";
      readonly code: string;
      readonly msg: string;
      readonly at: readonly (Position | null)[];
    }
  /** The action may or may not have been executed. The browser sends it again after `afterMs`; the ledger prevents a second execution. */
  | { readonly kind: "retry"; readonly code: string; readonly msg: string; readonly afterMs: number }
  /** The browser has to send the actions of the lane after number `last` first. */
  | { readonly kind: "early"; readonly last: number };
