import { PeekError } from "@peek/errors";
import type { Peer, PeekUser, PluginPresence, PluginRpc, PresenceChange } from "@peek/plugin-base";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { Listeners } from "@peek/kit";
import { vi } from "vitest";
import { type ActionOutcome, ActionsRpc, type PassedAction } from "../../src/rpc/ActionsRpc.ts";
import {
  type Admission,
  type Ask,
  type ChannelUpdate,
  type FollowInput,
  ObservablesRpc,
} from "../../src/rpc/ObservablesRpc.ts";
import { MemoryChannel } from "./MemoryChannel.ts";

interface CallOptions {
  readonly signal: AbortSignal;
}

const firstPeer: Peer = {
  service: "logic",
  instance: "logic-1",
  host: "localhost",
  pid: 1,
  version: "1.0.0",
  since: "2026-01-01T00:00:00Z",
  connectedSince: "2026-01-01T00:00:00Z",
  address: "local",
  serves: [ObservablesRpc.name],
} as Peer;

/** Logic as a gateway knows it, in memory: its channels, admissions and actions are as the test says. */
export class MemoryLogic implements Disposable {
  readonly rpc: PluginRpc;
  readonly presence: PluginPresence;
  /** How many questions for admission were asked. */
  admissions = 0;
  /** The streams that were opened. */
  readonly following: FollowInput[] = [];
  readonly actions: PassedAction[] = [];
  /** Answers the questions for admission. */
  admitting: (user: PeekUser, selector: TupleSelector, signal: AbortSignal) => Admission | Promise<Admission> = () => ({
    ok: true,
    scope: "",
    guarded: false,
  });
  /** Executes actions. */
  running: (action: PassedAction, signal: AbortSignal) => ActionOutcome | Promise<ActionOutcome> = (action) => ({
    kind: "done",
    result: "1",
    at: action.watch.map(() => ({ epoch: "e1", offset: 7 })),
  });
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #presence = new Listeners<PresenceChange>();
  readonly #rights = new Listeners<string>();
  #peer = firstPeer;
  #connection = new AbortController();
  #reached = Promise.withResolvers<void>();
  #answering = Promise.resolve();
  #answer: (() => void) | undefined;

  constructor() {
    this.#reached.resolve();
    const observables = {
      alive: (_input: undefined, options: CallOptions) => this.#alive(options),
      admit: (input: { readonly asks: readonly Ask[] }, options: CallOptions) => this.#admit(input.asks, options),
      follow: (input: FollowInput, options: CallOptions) => this.#follow(input, options),
      rights: (_input: undefined, options: CallOptions) => this.#followRights(options),
    };
    const actions = {
      run: async (action: PassedAction, { signal }: CallOptions) => {
        this.actions.push(action);
        return this.running(action, signal);
      },
    };
    const client = ({ name }: { readonly name: string }): object => (name === ActionsRpc.name ? actions : observables);
    this.rpc = { client } as unknown as PluginRpc;
    this.presence = { changes: ({ signal }: CallOptions) => this.#changes(signal) } as unknown as PluginPresence;
  }

  /** How many channels are followed. */
  get followed(): number {
    return [...this.#channels.values()].filter((each) => each.followers > 0).length;
  }

  channel(selector: TupleSelector, scope = ""): MemoryChannel {
    return this.#channel(selector.canonical(), scope);
  }

  /** Loses the connection to the gateway, or connects again. @param instance Another one after a restart. */
  connect(isConnected: boolean, instance = this.#peer.instance): void {
    if (isConnected) {
      this.#connection = new AbortController();
      this.#reached.resolve();
    } else {
      this.#reached = Promise.withResolvers();
      this.#connection.abort(new PeekError("PEER_GONE", "Logic is gone."));
    }
    this.#peer = { ...this.#peer, instance };
    this.#presence.notify({ kind: isConnected ? "joined" : "left", peer: this.#peer });
  }

  /** Stops to answer, though the connection stands, for longer than is tolerated; or answers again. */
  silence(isSilent: boolean): void {
    if (!isSilent) return this.#answer?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#answering = promise;
    this.#answer = resolve;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + 4000);
  }

  rightsChanged(observable: string): void {
    this.#rights.notify(observable);
  }

  [Symbol.dispose](): void {
    this.#answer?.();
    vi.restoreAllMocks();
  }

  #channel(selector: string, scope: string): MemoryChannel {
    const key = `${selector}\n${scope}`;
    const channel = this.#channels.get(key) ?? new MemoryChannel();
    this.#channels.set(key, channel);
    return channel;
  }

  async #alive({ signal }: CallOptions): Promise<null> {
    await Promise.race([this.#answering, lostBy(signal)]);
    return null;
  }

  async #admit(asks: readonly Ask[], { signal }: CallOptions): Promise<Admission[]> {
    await Promise.race([this.#reached.promise, lostBy(signal)]);
    const lost = lostBy(signal, this.#connection.signal);
    return await Promise.all(
      asks.map(({ proof, selector }) => {
        this.admissions += 1;
        const user = { id: proof, name: proof, groups: [], anonymous: false };
        return Promise.race([this.admitting(user, TupleSelector.parse(selector), signal), lost]);
      }),
    );
  }

  async *#follow(input: FollowInput, { signal }: CallOptions): AsyncGenerator<ChannelUpdate, undefined> {
    this.following.push(input);
    await Promise.race([this.#reached.promise, lostBy(signal)]);
    const channel = this.#channel(input.selector, input.scope);
    return yield* channel.updates(input, lostBy(signal, this.#connection.signal));
  }

  async *#followRights({ signal }: CallOptions): AsyncGenerator<{ readonly observable: string }, undefined> {
    await Promise.race([this.#reached.promise, lostBy(signal)]);
    for await (const observable of each(this.#rights, lostBy(signal, this.#connection.signal))) yield { observable };
    return undefined;
  }

  async *#changes(signal: AbortSignal): AsyncGenerator<PresenceChange, undefined> {
    if (!this.#connection.signal.aborted) yield { kind: "joined", peer: this.#peer };
    try {
      yield* each(this.#presence, lostBy(signal));
    } catch {
      // The iteration ends, and never throws.
    }
    return undefined;
  }
}

/** All events from now on. @param lost Rejects when there are no more. */
async function* each<Event>(listeners: Listeners<Event>, lost: Promise<never>): AsyncGenerator<Event, undefined> {
  const queue: Event[] = [];
  let arrived = Promise.withResolvers<void>();
  using _listening = listeners.add((event) => {
    queue.push(event);
    arrived.resolve();
  });
  for (;;) {
    const event = queue.shift();
    if (event !== undefined) yield event;
    else {
      await Promise.race([arrived.promise, lost]);
      arrived = Promise.withResolvers();
    }
  }
}

/** Rejects with the reason of a signal, when it fires. */
function lostBy(...signals: readonly AbortSignal[]): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const signal of signals) {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  }
  promise.catch(() => undefined);
  return promise;
}
