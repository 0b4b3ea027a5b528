import type { Delta } from "./Delta.ts";
import type { Position } from "./Position.ts";

/**
 * What browsers and the field or office service say to each other on one WebSocket at `/vortex`, subprotocol
 * `peek.client.1`. Each is one text frame of JSON; a large snapshot may come as one binary frame, the same JSON in gzip.
 *
 * The service numbers its channels: what it sends to all who watch a channel is the same for all of them, made once.
 */
export const clientProtocol = "peek.client.1";

/** The path of the WebSocket on the site. */
export const clientPath = "/vortex";

/** What a browser has of a channel from before. */
export interface Resume extends Position {
  /** What {@link digestOf} gives for the tuples that it has: with it, nothing is sent when it is what there is. */
  readonly digest?: string;
}

/** From the browser. */
export type ClientMessage =
  /** Wants to watch. @property id The browser's own number of it, used once. @property sel The selector's canonical text. */
  | { readonly t: "sub"; readonly id: number; readonly sel: string; readonly at?: Resume }
  | { readonly t: "unsub"; readonly id: number }
  /** Pushes an action. @property id The browser's own number of this attempt. */
  | { readonly t: "act"; readonly id: number; readonly act: PushedActionMessage }
  /** Answers a `beat`. */
  | { readonly t: "beat" }
  /** Asks the service for a `pulse` with the same number: what the service says until then is how things were when this was sent. */
  | { readonly t: "probe"; readonly n: number };

/** An action as a browser pushes it. */
export interface PushedActionMessage {
  /** The action's type. */
  readonly type: string;
  /** The action as `encode` has made it. */
  readonly body: string;
  readonly client: string;
  readonly lane: string;
  readonly seq: number;
  readonly after: number;
  readonly acked: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Canonical selectors that the browser watches, and wants to know the positions of; at most 16. */
  readonly watch: readonly string[];
}

/** To the browser. */
export type ServerMessage =
  /**
   * The first. @property beatMs How often the service asks for a sign of life, at least. @property pulseMs How often the service
   * gives one, at least: whoever hears nothing for longer does not know how things are. Absent: it gives none, and takes no `probe`.
   * @property age As in `up`. @property why As in `up`.
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
  | { readonly t: "beat" }
  /** A sign of life. @property n Of the `probe` that it answers. */
  | { readonly t: "pulse"; readonly n?: number }
  /**
   * Whether the service knows how things are on logic. While it does not, all that is watched is stale; each channel is live again
   * with the next message about it. @property age How long ago the service knew it last; milliseconds. @property why For people.
   */
  | { readonly t: "up"; readonly on: boolean; readonly age?: number; readonly why?: string }
  /** A subscription is on; from here on messages of the channel concern it. @property key The key fields of its tuples. */
  | { readonly t: "on"; readonly id: number; readonly c: number; readonly key: readonly string[] }
  /** A subscription was refused, or has ended. `FORBIDDEN`, `OBSERVABLE_UNKNOWN`, `SUBSCRIPTION_LIMIT`, `DATA_INVALID`, ... */
  | { readonly t: "off"; readonly id: number; readonly code: string; readonly msg: string }
  /** All tuples of a channel, in order. */
  | { readonly t: "s"; readonly c: number; readonly e: string; readonly o: number; readonly rows: readonly unknown[] }
  /**
   * From one position of a channel to another. Whoever is at another position than `f` (of epoch `fe`; absent: `e`) ignores it
   * when it is at or beyond `o`, and subscribes again otherwise.
   */
  | ({
      readonly t: "d";
      readonly c: number;
      readonly e: string;
      readonly fe?: string;
      readonly f: number;
      readonly o: number;
    } & Delta)
  /** What the browser has is what there is; the position may be another. */
  | { readonly t: "u"; readonly c: number; readonly e: string; readonly o: number }
  /**
   * What there is of a channel is not known to be current, until `current`. Changes may come meanwhile. It comes again when `age`
   * is not what time alone has made of it. @property age How long ago it was known to be; milliseconds. @property why For people.
   */
  | { readonly t: "stale"; readonly c: number; readonly age: number; readonly why: string }
  | { readonly t: "current"; readonly c: number }
  /** What became of an action. */
  | { readonly t: "res"; readonly id: number; readonly out: ActionOutcomeMessage }
  /** Something that the browser sent was not taken. The service may close the connection after it. */
  | { readonly t: "err"; readonly code: string; readonly msg: string };

/** What became of an action. */
export type ActionOutcomeMessage =
  /** @property result The result as `encode` has made it. @property at For each of `watch`: where its effects are shown; null: not watched by anybody. */
  | { readonly kind: "done"; readonly result: string; readonly at: readonly (Position | null)[] }
  | {
      readonly kind: "rejected";
      readonly code: string;
      readonly msg: string;
      readonly at: readonly (Position | null)[];
    }
  /** Nothing has happened; it is to be pushed again later. */
  | { readonly kind: "retry"; readonly code: string; readonly msg: string; readonly afterMs: number }
  /** Those after `last` of its lane are to be pushed first. */
  | { readonly kind: "early"; readonly last: number };

/** With which the service closes a connection, besides the codes of WebSockets. */
export const closeCodes = {
  /** The session has ended: logging in is what helps. */
  sessionEnded: 4401,
  /** The service stops, or wants the browser to come back elsewhere: at once, and it loses nothing. */
  goAway: 4503,
  /** The browser has not taken anything for too long. */
  stalled: 4408,
  /** The browser has sent too much, or too much that was no message. */
  misbehaved: 4429,
} as const;
