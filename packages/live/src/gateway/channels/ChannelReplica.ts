import { PeekError } from "@peek/errors";
import { type Changes, diff, isSamePosition, type Position, type Resume } from "@peek/live-protocol";
import { ChannelState } from "../../channel/ChannelState.ts";
import type { Step } from "../../channel/DeltaRing.ts";
import type { RingBudget } from "../../channel/RingBudget.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";
import { type ChannelMessage, messageWriter } from "./ChannelMessage.ts";
import { readChanges, readSnapshot } from "./readUpdate.ts";

/** An update was applied. */
export interface AppliedUpdate {
  /** The position before; undefined when there were no tuples. */
  readonly from: Position | undefined;
}

const noChanges: Changes<string> = { removed: [], updated: [], inserted: [] };

/** The tuples of a channel of logic, which its updates keep up to date, and the messages of them to browsers. */
export class ChannelReplica implements Disposable {
  readonly #observable: string;
  readonly #state: ChannelState<ChannelMessage>;
  #key: readonly string[] | undefined;
  /** The steps that lead to the snapshot that follows. */
  #history: Step[] = [];

  /** @param channel The channel's number. */
  constructor(observable: string, channel: number, budget: RingBudget) {
    this.#observable = observable;
    this.#state = new ChannelState(messageWriter(channel), budget);
  }

  /** The key fields of the tuples; undefined before the first {@link open}. */
  get key(): readonly string[] | undefined {
    return this.#key;
  }

  /** Undefined until there are tuples. */
  get position(): Position | undefined {
    return this.#state.position;
  }

  /** Takes time. */
  get digest(): string {
    return this.#state.digest;
  }

  /** As {@link ChannelState.catchUp}. */
  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    return this.#state.catchUp(at);
  }

  /** As {@link ChannelState.unchanged}. */
  unchanged(): readonly ChannelMessage[] {
    return this.#state.unchanged();
  }

  /**
   * Logic begins to send updates.
   *
   * @returns Whether the key was unknown; or that it is another one than before, so that nothing of this replica can be continued.
   */
  open(key: readonly string[]): "new" | "same" | "other" {
    this.#history = [];
    if (this.#key === undefined) {
      this.#key = key;
      return "new";
    }
    return this.#key.join("\n") === key.join("\n") ? "same" : "other";
  }

  /**
   * Applies an update.
   *
   * @returns Undefined when it is not about the present tuples.
   * @throws PeekError `VORTEX_FRAME_INVALID` when it does not follow the update before; an error of zod when it is invalid.
   */
  apply(update: ChannelUpdate): AppliedUpdate | undefined {
    if (!("o" in update)) return undefined;
    const key = this.#key ?? [];
    const to = { epoch: update.e, offset: update.o };
    const from = this.#state.position;
    switch (update.k) {
      case "history":
        this.#history.push({ from: { epoch: update.e, offset: update.f }, to, changes: readChanges(update.d, key) });
        return undefined;
      case "unchanged":
        if (from === undefined) throw this.#gap();
        return this.#advance(from, to, noChanges);
      case "delta":
        if (from?.epoch !== update.e || from.offset !== update.f) throw this.#gap();
        return this.#advance(from, to, readChanges(update.d, key));
      default:
        return this.#restore(from, to, readSnapshot(update.rows, key));
    }
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }

  #restore(from: Position | undefined, to: Position, rows: ReadonlyMap<string, string>): AppliedUpdate {
    this.#state.learn(this.#history);
    this.#history = [];
    // Browsers that have tuples are sent the differences, not all of it again.
    if (from !== undefined) return this.#advance(from, to, diff(this.#state.rows, rows));
    this.#state.begin(to, rows);
    return { from };
  }

  #advance(from: Position, to: Position, changes: Changes<string>): AppliedUpdate {
    if (!isSamePosition(from, to)) this.#state.advance(to, changes);
    return { from };
  }

  #gap(): PeekError {
    return new PeekError(
      "VORTEX_FRAME_INVALID",
      `Logic has sent an update of ${this.#observable} that does not follow the one before. The channel is followed anew.`,
    );
  }
}
