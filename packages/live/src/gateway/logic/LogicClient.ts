import { messageOf } from "@peek/errors";
import type { Logger, PluginPresence, PluginRpc } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { Backoff, CancellableDelay, Listeners, type LogThrottle } from "@peek/kit";
import type { Staleness } from "@peek/live-protocol";
import { maxDeadlineMs } from "@peek/vortex";
import {
  type Admission,
  type ChannelUpdate,
  type FollowInput,
  type ObservablesClient,
  ObservablesRpc,
} from "../../rpc/ObservablesRpc.ts";
import { AdmissionBatcher } from "./AdmissionBatcher.ts";
import { isOutage } from "./isOutage.ts";
import { LogicMonitor } from "./LogicMonitor.ts";

/** Options of a {@link LogicClient}. */
export interface LogicClientOptions {
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly presence: PluginPresence;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
}

/** Asks logic for observables: which channels a user may watch, and their updates. One for each gateway. */
export class LogicClient implements AsyncDisposable {
  readonly #client: ObservablesClient;
  readonly #logger: Logger;
  readonly #logThrottle: LogThrottle;
  readonly #monitor: LogicMonitor;
  readonly #admissions: AdmissionBatcher;
  readonly #rights = new Listeners<string>();
  readonly #closing = new AbortController();
  readonly #delay = new CancellableDelay();
  readonly #followingRights: Promise<void>;

  constructor({ rpc, presence, logger, logThrottle }: LogicClientOptions) {
    this.#client = rpc.client(ObservablesRpc, { to: "logic" });
    this.#logger = logger;
    this.#logThrottle = logThrottle;
    this.#monitor = new LogicMonitor({ rpc, presence });
    this.#admissions = new AdmissionBatcher(this.#client);
    this.#followingRights = this.#followRights();
  }

  /** Set while logic is not reached, or does not answer; by `performance.now()`. */
  get staleness(): Staleness | undefined {
    return this.#monitor.staleness;
  }

  /** Until when everything that logic has sent was current; by `performance.now()`. */
  get knownAt(): number {
    return this.#monitor.knownAt;
  }

  /** Grows with each logic service that is reached for the first time. */
  get generation(): number {
    return this.#monitor.generation;
  }

  /** How many questions wait to be sent to logic. */
  get pendingAdmissions(): number {
    return this.#admissions.size;
  }

  /** Calls the listener when {@link staleness} has begun, or has ended. */
  onStaleness(listener: () => void): Disposable {
    return this.#monitor.onChange(listener);
  }

  /** Calls the listener when logic is reached again: rights may have changed meanwhile. */
  onReached(listener: () => void): Disposable {
    return this.#monitor.onReached(listener);
  }

  /** Calls with the name of an observable whose rights have changed. */
  onRightsChanged(listener: (observable: string) => void): Disposable {
    return this.#rights.add(listener);
  }

  /**
   * Asks whether the user of a session may watch. Waits while logic is not reached.
   *
   * @throws The signal's reason; PeekError `VORTEX_CLOSED`.
   */
  async admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission> {
    return await this.#admissions.ask(proof, selector.canonical(), signal);
  }

  /** Opens the stream of a channel's updates. Waits while logic is not reached. */
  follow(input: FollowInput, signal: AbortSignal): AsyncIterable<ChannelUpdate> {
    return this.#client.follow(input, { wait: true, deadlineMs: maxDeadlineMs, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#delay.end();
    this.#rights.clear();
    await Promise.all([
      this.#monitor[Symbol.asyncDispose](),
      this.#admissions[Symbol.asyncDispose](),
      this.#followingRights,
    ]);
  }

  /** Follows the changes of rights, for as long as it lives. Logic sends all names when the stream begins anew. Never rejects. */
  async #followRights(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const changes = this.#client.rights(undefined, { wait: true, deadlineMs: maxDeadlineMs, signal });
        for await (const { observable } of changes) {
          backoff.reset();
          this.#rights.notify(observable);
        }
      } catch (error) {
        if (!signal.aborted && this.#monitor.isReached && !isOutage(error)) this.#logRightsFailure(error);
      }
      if (!signal.aborted) await this.#delay.wait(backoff.next());
    }
  }

  #logRightsFailure(error: unknown): void {
    const suppressed = this.#logThrottle.count("rights");
    if (suppressed === undefined) return;
    this.#logger.warning(
      "Failed to follow changes of rights on logic; trying again: %s%s",
      messageOf(error),
      suppressed,
    );
  }
}
