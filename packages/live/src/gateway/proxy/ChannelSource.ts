import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { Position, Resume, Staleness } from "@peek/live-protocol";
import type { Admission } from "../../rpc/ObservablesRpc.ts";

/** A message to browsers about a channel: the same object, and the same text, for all who are sent it. */
export interface ChannelMessage {
  /** A `ServerMessage` as JSON. */
  readonly text: string;
  /** Where whoever takes it is afterwards. */
  readonly to: Position;
}

/** A channel as a gateway has it. */
export interface FollowedChannel extends Disposable {
  /** Its number in what browsers are told; never used again for another. */
  readonly number: number;
  /** The key fields of its tuples; undefined until logic has answered for the first time. */
  readonly key: readonly string[] | undefined;
  /** Where it is; undefined until its tuples are known. */
  readonly position: Position | undefined;
  /** Whether logic is reached, and has said that this is how things are. */
  readonly isLive: boolean;
  /**
   * Set while its tuples are not known to be current, for a reason of its own: logic says so, or it is not followed just now. The
   * same object for as long as it is the same; by `performance.now()`.
   */
  readonly staleness: Staleness | undefined;
  /** Why there is nothing to follow, if so: logic does not provide it, or its provider fails. It is tried again. */
  readonly trouble: { readonly code: string; readonly message: string } | undefined;
  /**
   * What brings a browser from where it is to where the channel is, in order; nothing when it is there. Deltas where they are
   * kept, merged when that is shorter; `unchanged` by its digest; else the snapshot. The same objects for all who ask the same.
   *
   * @param at Where it is; undefined: nowhere.
   */
  catchUp(at: Resume | undefined): readonly ChannelMessage[];
  /**
   * Calls after each change of the channel, once. What those who were at `from` are to be sent is `message`; without a message,
   * only `isLive`, `key`, `staleness` or `trouble` has changed.
   */
  onChange(
    listener: (change: { readonly from: Position; readonly message: ChannelMessage } | undefined) => void,
  ): Disposable;
}

/**
 * In the name of which session a channel is followed: the proof of one who watches it now; undefined when nobody does.
 *
 * @param except Of a session that has been refused: another is better, where there is one.
 */
export type ChannelSponsor = (except: string | undefined) => string | undefined;

/** What a gateway watches on behalf of its browsers. Channels are shared, and kept for a while after the last has left. */
export interface ChannelSource {
  /** Set while it is not known how things are on logic: it is not reached, or does not answer. By `performance.now()`. */
  readonly staleness: Staleness | undefined;
  /** Calls when that has begun, or has ended. */
  onStaleness(listener: () => void): Disposable;
  /** Calls when logic is reached again: rights may have changed while nobody could say so. */
  onReached(listener: () => void): Disposable;
  /**
   * Asks whether the user of a session may watch, and in which scope. While logic is not reached it waits, until the signal fires.
   *
   * @param proof Of the session.
   */
  admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission>;
  /** Calls with the name of an observable for which who watches is to be admitted again. */
  onRightsChanged(listener: (observable: string) => void): Disposable;
  /**
   * Follows a channel. Dispose it when nobody watches it any more: it is shared, and counted.
   *
   * @param scope As the {@link Admission} says.
   * @param guarded As the {@link Admission} says. When that is not so any more, nothing is told of the channel: rights are said to
   *   have changed, and whoever is admitted then has to follow another one.
   * @param sponsor Asked each time when logic is asked to tell of the channel.
   */
  follow(selector: TupleSelector, scope: string, guarded: boolean, sponsor: ChannelSponsor): FollowedChannel;
}
