import { PeekError } from "@peek/errors";
import type { PayloadFilter, PeerIdentity } from "@peek/plugin-base";
import { decodeBody } from "../rpc/frameBodies.ts";
import type { TimingWheel } from "../rpc/TimingWheel.ts";
import { QueueBudget } from "../QueueBudget.ts";
import { type ArrivedPayload, PayloadEndpoint, type PayloadEndpointParts } from "./PayloadEndpoint.ts";
import { isFilter } from "./payloadFilter.ts";

/** 32 fields, each character of which may be written as six. */
const maxRecordLength = 250_000;
const maxNameLength = 200;

type FilterValue = PayloadFilter[string];

/** Hands payloads to the endpoints whose filters they match. */
export class PayloadRouter {
  /** By what the filter has under `key`, or else under `plugin`: most filters have one, and few have the same. */
  readonly #byKey = new Map<FilterValue, Set<PayloadEndpoint>>();
  readonly #byPlugin = new Map<FilterValue, Set<PayloadEndpoint>>();
  readonly #order = new WeakMap<PayloadEndpoint, number>();
  readonly #room = new QueueBudget();
  readonly #deadlines: TimingWheel;
  #count = 0;
  #size = 0;

  constructor(deadlines: TimingWheel) {
    this.#deadlines = deadlines;
  }

  /** How many endpoints there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an endpoint, until what is returned is disposed; that settles when its handlers have.
   *
   * @throws PeekError `CONTRACT_INVALID`
   */
  add(parts: Omit<PayloadEndpointParts, "room" | "deadlines">): AsyncDisposable {
    const endpoint = new PayloadEndpoint({ ...parts, room: this.#room, deadlines: this.#deadlines });
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

  /** Waits for the handlers that run; nothing is handed on any more. */
  async close(): Promise<void> {
    const all = [this.#byKey, this.#byPlugin].flatMap((index) => [...index.values()].flatMap((each) => [...each]));
    await Promise.all(all.map((endpoint) => endpoint.close()));
  }

  /** Takes a payload. Returns whether it is one. */
  onPayload(from: PeerIdentity, text: string): boolean {
    const afterRecord = text.indexOf("\t");
    const afterName = text.indexOf("\t", afterRecord + 1);
    if (afterRecord === -1 || afterName === -1 || afterRecord > maxRecordLength) return false;
    if (afterName - afterRecord > maxNameLength + 1) return false;
    const filt = parse(text.slice(1, afterRecord));
    if (!isFilter(filt)) return false;
    const tupleName = text.slice(afterRecord + 1, afterName);
    let tuples: readonly unknown[] | undefined;
    const payload: ArrivedPayload = {
      from,
      filt,
      tupleName,
      chars: text.length,
      // Decoded once at most, and checked by each endpoint, which makes a copy.
      tuples: () => (tuples ??= readTuples(text.slice(afterName + 1))),
    };
    for (const endpoint of this.#matching(filt)) endpoint.receive(payload);
    return true;
  }

  #matching(filt: PayloadFilter): readonly PayloadEndpoint[] {
    const matching: PayloadEndpoint[] = [];
    for (const [index, value] of [[this.#byKey, filt["key"]] as const, [this.#byPlugin, filt["plugin"]] as const]) {
      if (value === undefined) continue;
      for (const endpoint of index.get(value) ?? []) if (endpoint.matches(filt)) matching.push(endpoint);
    }
    return matching.sort((a, b) => this.#place(a) - this.#place(b));
  }

  #place(endpoint: PayloadEndpoint): number {
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
