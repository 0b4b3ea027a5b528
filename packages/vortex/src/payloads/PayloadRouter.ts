import { PeekError } from "@peek/errors";
import type { PayloadFilter, PeerIdentity } from "@peek/plugin-base";
import { QueueBudget } from "../QueueBudget.ts";
import { decodeBody } from "../rpc/frameBodies.ts";
import type { TimingWheel } from "../rpc/TimingWheel.ts";
import { HeldPayloads } from "./HeldPayloads.ts";
import { PayloadEndpoint, type PayloadEndpointOptions, type ReceivedPayload } from "./PayloadEndpoint.ts";
import { isFilter } from "./payloadFilter.ts";

/** Room for 32 fields, each character of which may be escaped as six. */
const maxRecordLength = 250_000;
const maxNameLength = 200;

type FilterValue = PayloadFilter[string];

/** Routes received payloads to the endpoints whose filters match. */
export class PayloadRouter {
  /** Endpoints by the value of `key` in their filter. Most filters have a key, and few share one. */
  readonly #byKey = new Map<FilterValue, Set<PayloadEndpoint>>();
  /** Endpoints without a key, by the value of `plugin`. */
  readonly #byPlugin = new Map<FilterValue, Set<PayloadEndpoint>>();
  /** The order in which the endpoints were added. */
  readonly #order = new WeakMap<PayloadEndpoint, number>();
  readonly #budget = new QueueBudget();
  /** The payloads of suspended plugins, by plugin. */
  readonly #held = new Map<string, HeldPayloads>();
  readonly #timers: TimingWheel;
  #count = 0;
  #size = 0;
  #isClosed = false;

  constructor(timers: TimingWheel) {
    this.#timers = timers;
  }

  /** How many endpoints there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an endpoint until the result is disposed. The disposal settles when the endpoint's handlers have ended.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  add(options: Omit<PayloadEndpointOptions, "budget" | "timers">): AsyncDisposable {
    const endpoint = new PayloadEndpoint({ ...options, budget: this.#budget, timers: this.#timers });
    const { key, plugin } = endpoint.filter;
    const index = key === undefined ? this.#byPlugin : this.#byKey;
    const value = key ?? plugin ?? "";
    const endpoints = index.get(value) ?? new Set();
    index.set(value, endpoints.add(endpoint));
    this.#order.set(endpoint, this.#count);
    this.#count += 1;
    this.#size += 1;
    return {
      [Symbol.asyncDispose]: async () => {
        if (endpoints.delete(endpoint)) this.#size -= 1;
        if (endpoints.size === 0 && index.get(value) === endpoints) index.delete(value);
        await endpoint.close();
      },
    };
  }

  /**
   * Holds the payloads for a plugin's endpoints that arrive until {@link resume}.
   *
   * @returns Resolves when none of the plugin's handlers runs.
   */
  async hold(plugin: string): Promise<void> {
    if (this.#isClosed) return;
    const endpoints = this.#all().filter((endpoint) => endpoint.plugin === plugin);
    if (!this.#held.has(plugin)) this.#held.set(plugin, new HeldPayloads(endpoints, this.#budget));
    await Promise.all(endpoints.map((endpoint) => endpoint.idle()));
  }

  /** Passes the held payloads of a plugin to its present endpoints. */
  resume(plugin: string): void {
    const held = this.#held.get(plugin);
    if (held === undefined) return;
    // A payload that arrives meanwhile is held too: none overtakes another.
    for (let payload = held.take(); payload !== undefined; payload = held.take()) {
      for (const endpoint of this.#matching(payload.filt)) if (endpoint.plugin === plugin) endpoint.receive(payload);
    }
    this.#held.delete(plugin);
  }

  /** Closes all endpoints, and drops the held payloads. Settles when their handlers have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#held.clear();
    await Promise.all(this.#all().map((endpoint) => endpoint.close()));
  }

  /** Handles a payload frame. Returns false when the frame is invalid. */
  onPayload(from: PeerIdentity, frame: string): boolean {
    const afterRecord = frame.indexOf("\t");
    const afterName = frame.indexOf("\t", afterRecord + 1);
    if (afterRecord === -1 || afterName === -1 || afterRecord > maxRecordLength) return false;
    if (afterName - afterRecord > maxNameLength + 1) return false;
    const filt = parse(frame.slice(1, afterRecord));
    if (!isFilter(filt)) return false;
    const tupleName = frame.slice(afterRecord + 1, afterName);
    let tuples: readonly unknown[] | undefined;
    const payload: ReceivedPayload = {
      from,
      filt,
      tupleName,
      chars: frame.length,
      // Decoded at most once. Each endpoint checks the tuples, which copies them.
      tuples: () => (tuples ??= readTuples(frame.slice(afterName + 1))),
    };
    if (this.#held.size === 0) for (const endpoint of this.#matching(filt)) endpoint.receive(payload);
    else this.#receive(payload);
    return true;
  }

  /** Passes a payload on while plugins are suspended. */
  #receive(payload: ReceivedPayload): void {
    const { filt } = payload;
    const matching = this.#matching(filt);
    for (const endpoint of matching) if (!this.#held.has(endpoint.plugin)) endpoint.receive(payload);
    for (const [plugin, held] of this.#held) {
      if (held.matches(filt) || matching.some((endpoint) => endpoint.plugin === plugin)) held.hold(payload);
    }
  }

  #all(): readonly PayloadEndpoint[] {
    return [this.#byKey, this.#byPlugin].flatMap((index) => [...index.values()].flatMap((each) => [...each]));
  }

  #matching(filt: PayloadFilter): readonly PayloadEndpoint[] {
    const matching: PayloadEndpoint[] = [];
    for (const [index, value] of [[this.#byKey, filt["key"]] as const, [this.#byPlugin, filt["plugin"]] as const]) {
      if (value === undefined) continue;
      for (const endpoint of index.get(value) ?? []) if (endpoint.matches(filt)) matching.push(endpoint);
    }
    return matching.sort((a, b) => this.#orderOf(a) - this.#orderOf(b));
  }

  #orderOf(endpoint: PayloadEndpoint): number {
    return this.#order.get(endpoint) ?? 0;
  }
}

function parse(text: string): unknown {
  try {
    const record: unknown = JSON.parse(text);
    return record;
  } catch {
    return undefined;
  }
}

function readTuples(body: string): readonly unknown[] {
  const tuples = decodeBody(body, "its tuples");
  if (Array.isArray(tuples)) return tuples;
  throw new PeekError("DATA_INVALID", "its tuples are not a list");
}
