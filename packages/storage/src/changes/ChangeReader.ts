import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { LentClient } from "../access/LentClient.ts";
import type { StorageHealth } from "../access/StorageHealth.ts";
import { makeVortexLayout } from "../catalogue/VortexLayout.ts";
import { Doorbell } from "./Doorbell.ts";
import { readOnlyState } from "./OutboxSession.ts";
import { Reading } from "./Reading.ts";
import { TableUpkeep } from "./TableUpkeep.ts";
import { WakePolicy } from "./WakePolicy.ts";
import type { Watchers } from "./Watchers.ts";

/** What a {@link ChangeReader} is made of. */
export interface ChangeReaderOptions {
  /** Of one connection, which it has for itself; disposed with it. */
  readonly pool: ConnectionPool;
  readonly watchers: Watchers;
  readonly health: StorageHealth;
  readonly logger: Logger;
}

/**
 * The pause between looks; milliseconds. Asleep, that is for transactions which were not told that it sleeps; where none
 * can notify, for all.
 */
const pauseMs = { awake: 5, asleep: 250, unnotified: 20 } as const;
/** The pause before the database is asked again that could not be read; milliseconds. */
const retryMs = { first: 100, longest: 3000 } as const;
/** What was read for so long before it failed is tried again without delay; milliseconds. */
const steadyMs = 5000;
/** How often it is told that it fails, however often it does; milliseconds. */
const quietMs = 60_000;
/** How long the answer to what is under way is waited for at the end; milliseconds. */
const endMs = 500;

/** Reads what is committed to the tables that are watched, and tells of it. One query at a time, on one connection. */
export class ChangeReader implements AsyncDisposable {
  readonly #options: ChangeReaderOptions;
  #bell = new Doorbell();
  readonly #upkeep: TableUpkeep;
  #begun = pending();
  #running: Promise<void> | undefined;
  #lent: LentClient | undefined;
  #stopping = false;
  /** When the reading under way has begun, by performance.now(). */
  #begunAt = Infinity;
  #everBegun = false;
  #toldAt = -Infinity;
  #toldUntil = -Infinity;
  #trouble: string | undefined;

  constructor(options: ChangeReaderOptions) {
    this.#options = options;
    this.#upkeep = new TableUpkeep(options.watchers, options.logger);
  }

  /** All that was committed before has been told; by `performance.now()`. */
  get toldUntil(): number {
    return this.#toldUntil;
  }

  /** Why the database could not be read the last time, for people; undefined when it could. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Begins to read, if it does not.
   *
   * @returns When whatever is committed from then on is read.
   * @throws PeekError as the pool, when the database cannot be read now; it is tried again by itself.
   */
  async follow(): Promise<void> {
    if (this.#stopping) throw closed();
    this.#running ??= this.#run();
    await this.#begun.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#bell.ring();
    const timer = setTimeout(() => this.#cutOff(), endMs);
    await this.#running;
    clearTimeout(timer);
    await this.#options.pool[Symbol.asyncDispose]();
    this.#begun.reject(closed());
  }

  async #run(): Promise<void> {
    let waitMs: number = retryMs.first;
    while (!this.#stopping) {
      this.#begunAt = Infinity;
      try {
        await this.#readOn();
      } catch (error) {
        if (this.#stopping) return;
        this.#failed(error);
        // Not when it has only begun: what fails may do so each time.
        if (performance.now() - this.#begunAt > steadyMs) waitMs = retryMs.first;
        // What rang for the reading that has failed is not to cut the pause short.
        this.#bell = new Doorbell();
        await this.#bell.wait(waitMs);
        waitMs = Math.min(waitMs * 2, retryMs.longest);
      }
    }
  }

  #failed(error: unknown): void {
    const { health, logger } = this.#options;
    this.#trouble = troubleOf(error);
    this.#everBegun ||= this.#begun.settled;
    this.#begun.reject(error);
    this.#begun = pending();
    // That the database is away is told by those who ask it; who waits for the first reading is told by the error.
    const told = !health.available || isCut(error);
    if (told || !this.#everBegun || performance.now() - this.#toldAt < quietMs) return;
    this.#toldAt = performance.now();
    logger.warning("What is changed in the database cannot be followed: %s. Trying again", messageOf(error));
  }

  async #readOn(): Promise<void> {
    const { pool, watchers } = this.#options;
    const lent = await pool.acquire();
    this.#lent = lent;
    const policy = new WakePolicy();
    let toWake = false;
    const onNotification = (): void => {
      if (policy.notified(performance.now())) toWake = true;
      this.#bell.ring();
    };
    lent.client.on("notification", onNotification);
    try {
      // The database may be another than before: one that was restored.
      await makeVortexLayout(lent);
      const reading = await Reading.begin({ lent, watchers, upkeep: this.#upkeep });
      this.#begunAt = performance.now();
      this.#begun.resolve();
      while (!this.#stopping) {
        const lookedAt = performance.now();
        const found = await reading.look();
        this.#toldUntil = lookedAt;
        this.#trouble = undefined;
        const { notified } = reading.session;
        if (found && !notified) toWake ||= policy.notified(performance.now());
        if (toWake) {
          await reading.session.setAsleep(false);
          policy.set(true, performance.now());
          toWake = false;
        } else if (policy.looked(found, performance.now())) {
          await reading.session.setAsleep(true);
          policy.set(false, performance.now());
          // What was committed before that is found now; what was begun before it, at the latest after the pause.
          continue;
        }
        const asleepMs = notified ? pauseMs.asleep : pauseMs.unnotified;
        await this.#bell.wait(policy.awake ? pauseMs.awake : asleepMs);
      }
    } finally {
      this.#lent = undefined;
      lent.client.off("notification", onNotification);
      pool.release(lent, true);
    }
  }

  /** Ends what is under way: a query, or the making of a connection, which the pool then gives up. */
  #cutOff(): void {
    this.#lent?.giveUp(closed());
    this.#lent?.client.connection.stream.destroy();
    if (this.#lent === undefined) this.#options.pool[Symbol.asyncDispose]().catch(() => undefined);
  }
}

function isCut(error: unknown): boolean {
  return PeekError.is(error) && (error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true);
}

/** What people are told of a failure: neither addresses nor statements. */
function troubleOf(error: unknown): string {
  if (!PeekError.is(error)) return "Changes in the database cannot be followed";
  if (error.code === "STORAGE_UNAVAILABLE" || error.code === "STORAGE_REFUSED") return "The database cannot be reached";
  if (error.code === "STORAGE_TIMEOUT") return "The database does not answer";
  if (error.fields["sqlState"] === readOnlyState) return "The database takes no changes: it is read-only";
  return "Changes in the database cannot be followed";
}

interface Pending {
  readonly promise: Promise<void>;
  readonly settled: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

function pending(): Pending {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Nobody may be waiting.
  promise.catch(() => undefined);
  let settled = false;
  return {
    promise,
    get settled() {
      return settled;
    },
    resolve: () => {
      settled = true;
      resolve();
    },
    reject,
  };
}

function closed(): PeekError {
  return new PeekError("STORAGE_CLOSED", "The storage is closed: changes of the database are not followed any more.");
}
