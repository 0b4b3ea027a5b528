import { earlierStaleness, type Staleness } from "@peek/live-protocol";
import type { ConnectionState, Store } from "../api.ts";
import type { MonotonicClock } from "../MonotonicClock.ts";
import { ObservableValue } from "../ObservableValue.ts";

/** Times that differ by less are equal: each is computed again from an age. */
const sameTimeMs = 500;

/** Whether the service is connected to logic: fields of `hi` and `up`. */
interface Upstream {
  readonly age?: number;
  readonly why?: string;
}

/** Derives the public state of the connection from the causes of staleness. */
export class ConnectionStatus {
  /** Set while the service is suspected. */
  suspicion: Staleness | undefined;
  /** The last error that the service has reported: it often closes the connection next. */
  serviceError: string | undefined;
  readonly #clock: MonotonicClock;
  readonly #state: ObservableValue<ConnectionState>;
  /** Set while the service is not connected to logic. */
  #upstream: Staleness | undefined;
  /** Set while there is no connection, after there was one. */
  #loss: Staleness | undefined;

  constructor(clock: MonotonicClock, device: ConnectionState["device"]) {
    this.#clock = clock;
    this.#state = new ObservableValue<ConnectionState>({ status: "connecting", device });
  }

  get state(): Store<ConnectionState> {
    return this.#state;
  }

  /** Set while no data of the service is known to be current. */
  get staleness(): Staleness | undefined {
    return earlierStaleness(this.#loss, earlierStaleness(this.suspicion, this.#upstream));
  }

  get isReachingLogic(): boolean {
    return this.#upstream === undefined;
  }

  /** The service has accepted the connection. */
  connected(): void {
    this.#loss = undefined;
    this.suspicion = undefined;
  }

  setUpstream(isOn: boolean, { age = 0, why = "The service does not reach logic" }: Upstream): void {
    this.#upstream = isOn ? undefined : { at: this.#clock.now() - age, reason: why };
  }

  /** Publishes the state of an open connection. @param channels Set while channels, but not the whole service, are stale. */
  showConnected(channels: Staleness | undefined, user?: ConnectionState["user"]): void {
    const staleness = earlierStaleness(this.staleness, channels);
    const change = user === undefined ? {} : { user };
    if (staleness === undefined) this.update({ ...change, status: "live" });
    else this.update({ ...change, status: "stale", ...this.#shown(staleness) });
  }

  /** Publishes that there is no connection. @param currentAt Until when the data was current; undefined if there was none. */
  showDown(status: "offline" | "login", reason: string, currentAt: number | undefined): void {
    // Of several failed attempts, the loss of the connection before them counts.
    const at = this.#loss?.at ?? earlierStaleness(this.suspicion, this.#upstream)?.at ?? currentAt;
    const why = this.serviceError ?? reason;
    this.#upstream = undefined;
    this.suspicion = undefined;
    this.serviceError = undefined;
    this.#loss = at === undefined ? undefined : { at, reason: why };
    this.update({ status, reason: why, ...(this.#loss !== undefined && this.#shown(this.#loss)) });
  }

  /** Publishes a change. A new status replaces reason and time of the one before. */
  update(change: Partial<ConnectionState>): void {
    const before = this.#state.getSnapshot();
    const { reason: _reason, asOf: _asOf, ...rest } = before;
    const state: ConnectionState = { ...(change.status === undefined ? before : rest), ...change };
    const keys = Object.keys({ ...before, ...state }) as (keyof ConnectionState)[];
    if (!keys.every((key) => isSame(state[key], before[key]))) this.#state.set(state);
  }

  /** Publishes `closed`, and nothing more. */
  close(): void {
    this.update({ status: "closed" });
    this.#state.release();
  }

  #shown({ at, reason }: Staleness): Pick<ConnectionState, "reason" | "asOf"> {
    return { reason, asOf: this.#clock.dateOf(at) };
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof Date && other instanceof Date) return Math.abs(one.getTime() - other.getTime()) < sameTimeMs;
  return one === other;
}
