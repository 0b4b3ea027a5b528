import type { QueueBudget } from "../QueueBudget.ts";
import { FairQueue } from "./FairQueue.ts";
import { HeldCall } from "./HeldCall.ts";
import type { CallingPeer, CallRequest } from "./ReceivedCall.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** How a {@link HeldContract} is opened. */
export interface HeldContractOptions {
  readonly name: string;
  readonly plugin: string;
  /** How many calls wait at most. */
  readonly limit: number;
  /** Bounds the queued calls of all contracts. */
  readonly budget: QueueBudget;
  readonly timers: TimingWheel;
}

/** The calls of a contract whose plugin is suspended. They wait until it is resumed, or until their deadlines. */
export class HeldContract {
  readonly name: string;
  readonly plugin: string;
  readonly #limit: number;
  readonly #budget: QueueBudget;
  readonly #timers: TimingWheel;
  readonly #queue = new FairQueue<CallingPeer, HeldCall>();

  constructor({ name, plugin, limit, budget, timers }: HeldContractOptions) {
    this.name = name;
    this.plugin = plugin;
    this.#limit = limit;
    this.#budget = budget;
    this.#timers = timers;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#queue.size;
  }

  /**
   * Has a call wait.
   *
   * @param sequence Its place in the order of arrival.
   * @param remainingMs The remaining time of the caller.
   * @returns The call that has to be refused, because too many wait: this one or another.
   */
  hold(request: CallRequest, sequence: number, remainingMs: number): CallRequest | undefined {
    const { peer, body } = request;
    if (!this.#budget.reserve(peer, body.length)) return request;
    let evicted: HeldCall | undefined;
    if (this.#queue.size >= this.#limit) {
      evicted = this.#queue.evictFor(peer);
      if (evicted === undefined) {
        this.#budget.release(peer, body.length);
        return request;
      }
      this.#forget(evicted);
    }
    const call = new HeldCall(request, sequence, (abandoned) => this.#remove(abandoned));
    this.#queue.push(peer, call);
    peer.incoming.set(request.id, call);
    this.#timers.add(call, remainingMs);
    return evicted?.request;
  }

  /** Removes and returns all calls that wait. */
  takeAll(): readonly HeldCall[] {
    const calls: HeldCall[] = [];
    for (let call = this.#queue.take(); call !== undefined; call = this.#queue.take()) {
      this.#forget(call);
      calls.push(call);
    }
    return calls;
  }

  #remove(call: HeldCall): void {
    if (this.#queue.delete(call.request.peer, call)) this.#forget(call);
  }

  #forget(call: HeldCall): void {
    const { peer, id, body } = call.request;
    this.#budget.release(peer, body.length);
    this.#timers.remove(call);
    peer.incoming.delete(id);
  }
}
