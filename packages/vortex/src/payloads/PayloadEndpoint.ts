import { messageOf, PeekError } from "@peek/errors";
import type { Logger, Payload, PayloadFilter, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { checkData, type TupleType } from "@peek/plugin-base/contracts";
import type { ContextRunner } from "../rpc/handlerContext.ts";
import type { RateLimit } from "../RateLimit.ts";
import { matches } from "./payloadFilter.ts";

/** What a {@link PayloadEndpoint} is made of. */
export interface PayloadEndpointParts {
  readonly plugin: string;
  readonly filter: PayloadFilter;
  readonly handler: (payload: Payload<unknown>, from: PeerIdentity) => unknown;
  readonly tuple: TupleType<unknown> | undefined;
  readonly acceptOnlyFrom: ServiceName | readonly ServiceName[] | undefined;
  readonly logger: Logger;
  readonly rateLimit: RateLimit;
  /** Runs the plugin's code in its own async context. */
  readonly run: ContextRunner;
}

/** A payload as it has arrived. */
export interface ArrivedPayload {
  readonly from: PeerIdentity;
  readonly filt: PayloadFilter;
  /** The name of the tuples' type; empty: there are none. */
  readonly tupleName: string;
  /** Its tuples, not yet checked. Throws `DATA_INVALID`. */
  readonly tuples: () => readonly unknown[];
}

/** One who receives payloads. */
export class PayloadEndpoint {
  readonly filter: PayloadFilter;
  readonly #parts: PayloadEndpointParts;
  readonly #entries: readonly (readonly [string, unknown])[];
  readonly #accepted: ReadonlySet<ServiceName> | undefined;

  constructor(parts: PayloadEndpointParts) {
    this.filter = parts.filter;
    this.#parts = parts;
    this.#entries = Object.entries(parts.filter);
    this.#accepted = parts.acceptOnlyFrom === undefined ? undefined : new Set([parts.acceptOnlyFrom].flat());
  }

  matches(record: PayloadFilter): boolean {
    return matches(this.#entries, record);
  }

  /** Hands a payload on. What goes wrong is logged. */
  receive(payload: ArrivedPayload): void {
    const { handler, run } = this.#parts;
    const { from, filt } = payload;
    let tuples: readonly unknown[];
    try {
      tuples = this.#accept(payload);
    } catch (error) {
      this.#tellRefused(from, error);
      return;
    }
    try {
      const result = run(handler, { filt, tuples }, from);
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#tellFailed(from, error));
    } catch (error) {
      this.#tellFailed(from, error);
    }
  }

  #accept({ from, tupleName, tuples }: ArrivedPayload): readonly unknown[] {
    if (this.#accepted !== undefined && !this.#accepted.has(from.service)) {
      throw new PeekError("FORBIDDEN", `it is accepted only from ${[...this.#accepted].join(", ")}`);
    }
    const { tuple } = this.#parts;
    if (tupleName !== (tuple?.name ?? "")) {
      const came = tupleName === "" ? "without tuples" : `of ${tupleName}`;
      const wanted = tuple === undefined ? "without" : `of ${tuple.name}`;
      throw new PeekError("DATA_INVALID", `it is a payload ${came}, where one ${wanted} is expected`);
    }
    if (tuple === undefined) return [];
    return tuples().map((each, index) => checkData(tuple.schema, each, `tuple ${index} (${tuple.name})`));
  }

  #tellRefused(from: PeerIdentity, error: unknown): void {
    const { logger, rateLimit, plugin } = this.#parts;
    const untold = rateLimit.count(`payload ${from.instance} ${plugin} ${JSON.stringify(this.filter)}`);
    if (untold === undefined) return;
    logger.warning(
      "A payload from %s of the %s service for the endpoint %o of %s was refused: %s%s",
      from.instance,
      from.service,
      this.filter,
      plugin,
      messageOf(error),
      untold,
    );
  }

  #tellFailed(from: PeerIdentity, error: unknown): void {
    const { logger, plugin } = this.#parts;
    logger.error(
      { err: error },
      "The endpoint %o of %s failed on a payload from %s: %s",
      this.filter,
      plugin,
      from.instance,
      messageOf(error),
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
