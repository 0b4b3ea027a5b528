import { setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import { isOutage } from "./isOutage.ts";
import type { Admission } from "../../rpc/ObservablesRpc.ts";
import type { ObservablesClient } from "./ProxyChannel.ts";

interface Ask {
  readonly proof: string;
  readonly selector: string;
  /** How many wait for the answer. */
  waiting: number;
  readonly answer: PromiseWithResolvers<Admission>;
}

/** How many are asked about by one call. */
const maxAsks = 1000;
/** And by how many characters, more or less. */
const maxChars = 2 * 1024 * 1024;
/** Longer than a plugin may take for each of those that are asked about one after the other. */
const deadlineMs = 120_000;

/** Asks logic who may watch: about many by one call, and about the same only once at a time. */
export class AdmissionDesk implements AsyncDisposable {
  readonly #client: ObservablesClient;
  readonly #closing = new AbortController();
  /** Those that logic has not been asked about, by what they ask. */
  readonly #asks = new Map<string, Ask>();
  readonly #calls = new Set<Promise<void>>();
  #tick: NodeJS.Immediate | undefined;

  constructor(client: ObservablesClient) {
    this.#client = client;
  }

  /** How many questions wait to be asked. */
  get size(): number {
    return this.#asks.size;
  }

  /**
   * Asks whether the user of a session may watch; waits for logic.
   *
   * @param proof Of the session.
   * @param selector Its canonical text.
   * @throws The reason of the signal; PeekError `VORTEX_CLOSED`.
   */
  async ask(proof: string, selector: string, signal: AbortSignal): Promise<Admission> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw closed();
    const ask = this.#join(proof, selector);
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(signal.reason);
    signal.addEventListener("abort", leave);
    try {
      return await Promise.race([ask.answer.promise, gone.promise]);
    } finally {
      ask.waiting -= 1;
      signal.removeEventListener("abort", leave);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearImmediate(this.#tick);
    this.#closing.abort(closed());
    for (const ask of this.#asks.values()) refuse(ask, closed());
    this.#asks.clear();
    await Promise.all(this.#calls);
  }

  #join(proof: string, selector: string): Ask {
    // The answer to one who has been asked about already may be older than what this one asks for.
    const key = `${proof}\n${selector}`;
    const known = this.#asks.get(key);
    const ask = known ?? { proof, selector, waiting: 0, answer: Promise.withResolvers<Admission>() };
    ask.waiting += 1;
    if (known !== undefined) return ask;
    this.#asks.set(key, ask);
    this.#tick ??= setImmediate(() => {
      this.#tick = undefined;
      this.#send();
    });
    return ask;
  }

  #send(): void {
    let part: Ask[] = [];
    let chars = 0;
    const send = (): void => {
      const call = this.#call(part);
      this.#calls.add(call);
      void call.finally(() => this.#calls.delete(call));
      part = [];
      chars = 0;
    };
    for (const [key, ask] of this.#asks) {
      part.push(ask);
      chars += key.length;
      if (part.length === maxAsks || chars > maxChars) send();
    }
    this.#asks.clear();
    if (part.length > 0) send();
  }

  /** Never rejects. */
  async #call(asks: readonly Ask[]): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    let left = asks;
    while (left.length > 0 && !signal.aborted) {
      try {
        const admissions = await this.#client.admit(
          { asks: left.map(({ proof, selector }) => ({ proof, selector })) },
          { wait: true, deadlineMs, signal },
        );
        for (const [index, ask] of left.entries()) ask.answer.resolve(admissions[index] ?? unanswered);
        return;
      } catch (error) {
        if (signal.aborted) break;
        if (!isOutage(error)) {
          const code = PeekError.is(error) ? error.code : "INTERNAL";
          for (const { answer } of left) answer.resolve({ ok: false, code, message: messageOf(error) });
          return;
        }
      }
      await setTimeout(backoff.next(), undefined, { signal, ref: false }).catch(() => undefined);
      left = left.filter(({ waiting }) => waiting > 0);
    }
    for (const ask of left) refuse(ask, closed());
  }
}

const unanswered: Admission = { ok: false, code: "INTERNAL", message: "Logic has not answered whether one may watch." };

function refuse({ answer }: Ask, error: PeekError): void {
  // Nobody may be waiting any more.
  answer.promise.catch(() => undefined);
  answer.reject(error);
}

function closed(): PeekError {
  return new PeekError("VORTEX_CLOSED", "The service is being stopped: nobody is asked any more who may watch.");
}
