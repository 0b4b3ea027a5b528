import { setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { Backoff } from "@peek/kit";
import type { ChannelSource } from "./proxy/ChannelSource.ts";
import type { Admission } from "../rpc/ObservablesRpc.ts";
import type { Fee } from "./Fee.ts";

/**
 * When rights change more often than they can be asked for, a refusal counts after so many: who is refused can ask again. That
 * one may watch never counts then.
 */
const maxAsks = 5;
/** The longest wait before one asks again; milliseconds. */
const maxPauseMs = 500;

/** What is known of an observable: the scope that all have, or that each user has to be asked for. */
type Known = { readonly scope: string } | "guarded";

interface Answer {
  readonly admission: Admission;
  /** Whether rights have changed since it was asked for. */
  readonly isOutdated: boolean;
}

/** A question that was not answered yet. */
interface Question {
  readonly observable: string;
  isOutdated: boolean;
}

/**
 * Whether users may watch. Observables that ask nobody are asked for once, not for each browser; when thousands come at the
 * same time, the first finds that out for all.
 */
export class Admissions {
  readonly #source: ChannelSource;
  readonly #known = new Map<string, Known>();
  readonly #probes = new Map<string, Promise<Answer>>();
  readonly #questions = new Set<Question>();

  constructor(source: ChannelSource) {
    this.#source = source;
  }

  /** The scope of an observable that all may watch; undefined when one has to ask. */
  scopeOf(observable: string): string | undefined {
    const known = this.#known.get(observable);
    return typeof known === "object" ? known.scope : undefined;
  }

  /**
   * Asks. While logic is not reached, it waits.
   *
   * @param proof Of the session whose user is asked about.
   * @param fee What it costs to ask; it costs nothing to be told what is known.
   * @returns What was so at a time after the last change of rights.
   * @throws The signal's reason.
   */
  async ask(proof: string, selector: TupleSelector, fee: Fee, signal: AbortSignal): Promise<Admission> {
    const observable = selector.name;
    const backoff = new Backoff({ maxMs: maxPauseMs });
    const probe = this.#known.has(observable) ? undefined : this.#probes.get(observable);
    if (probe !== undefined) await eitherOf(probe, signal);
    for (;;) {
      signal.throwIfAborted();
      const scope = this.scopeOf(observable);
      if (scope !== undefined) return { ok: true, scope, guarded: false };
      if (!fee.tryPay()) {
        await fee.pay(signal);
        continue;
      }
      const { admission, isOutdated } = await this.#askNow(proof, selector, signal);
      if (!isOutdated || (!admission.ok && backoff.attempts >= maxAsks - 1)) return admission;
      await setTimeout(backoff.next(), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Forgets what is known, for rights have changed. @param observable Undefined: of all. */
  forget(observable?: string): void {
    for (const question of this.#questions) {
      if (observable === undefined || question.observable === observable) question.isOutdated = true;
    }
    if (observable === undefined) this.#known.clear();
    else this.#known.delete(observable);
  }

  #askNow(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Answer> {
    const observable = selector.name;
    const asking = this.#answer(proof, selector, signal);
    if (this.#known.has(observable) || this.#probes.has(observable)) return asking;
    this.#probes.set(observable, asking);
    void this.#forgetProbe(observable, asking);
    return asking;
  }

  async #forgetProbe(observable: string, asking: Promise<Answer>): Promise<void> {
    await Promise.allSettled([asking]);
    this.#probes.delete(observable);
  }

  /** What is learned from it is known by the time that it is given. */
  async #answer(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Answer> {
    const question: Question = { observable: selector.name, isOutdated: false };
    this.#questions.add(question);
    try {
      const admission = await this.#admit(proof, selector, signal);
      if (!question.isOutdated) this.#learn(selector.name, admission);
      return { admission, isOutdated: question.isOutdated };
    } finally {
      this.#questions.delete(question);
    }
  }

  async #admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission> {
    try {
      return await this.#source.admit(proof, selector, signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = PeekError.is(error) ? error.code : "OBSERVABLE_LOAD_FAILED";
      return { ok: false, code, message: messageOf(error) };
    }
  }

  #learn(observable: string, admission: Admission): void {
    if (admission.ok) this.#known.set(observable, admission.guarded ? "guarded" : { scope: admission.scope });
    else if (admission.code === "FORBIDDEN") this.#known.set(observable, "guarded");
  }
}

/** Settles when a promise does, however, or a signal fires. */
async function eitherOf(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  await Promise.race([Promise.allSettled([promise]), gone]);
  signal.removeEventListener("abort", leave);
}
