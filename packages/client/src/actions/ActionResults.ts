import { PeekError } from "@peek/errors";
import { checkData, decode } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import { peekErrorOf } from "../peekErrorOf.ts";
import type { FinalOutcome } from "../tabs/TabMessage.ts";

/** How many are remembered as settled. */
const maxKnown = 2000;
/** How many outcomes are remembered for those who ask late: the device may have told another tab first. */
const maxUnasked = 50;

/** What there is to know of an action type to read the result. */
interface ResultType<Result> {
  readonly name: string;
  readonly result: z.ZodType<Result> | undefined;
}

interface Waiting {
  readonly type: string;
  resolve(result: string): void;
  reject(error: PeekError): void;
}

/** The results of the actions that were pushed in this tab, and which actions were settled lately. */
export class ActionResults {
  readonly #waiting = new Map<number, Waiting>();
  readonly #known = new Set<number>();
  readonly #unasked = new Map<number, FinalOutcome>();

  /** Whether an action was settled, as far as is remembered. */
  has(n: number): boolean {
    return this.#known.has(n);
  }

  /** The result of an action. It may go unheard. */
  async of<Result>(n: number, type: ResultType<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.set(n, { type: type.name, resolve, reject });
    const known = this.#unasked.get(n);
    if (known !== undefined) this.settled(n, known);
    const body = await promise;
    // Where a type has no schema of its result, that is void.
    if (type.result === undefined) return undefined as Result;
    return checkData(type.result, decode(body), `the result of ${type.name}`);
  }

  settled(n: number, outcome: FinalOutcome): void {
    this.#known.add(n);
    limit(this.#known, maxKnown);
    const waiting = this.#waiting.get(n);
    if (waiting === undefined) {
      this.#unasked.set(n, outcome);
      limit(this.#unasked, maxUnasked);
      return;
    }
    this.#waiting.delete(n);
    this.#unasked.delete(n);
    if (outcome.kind === "done") waiting.resolve(outcome.result);
    else waiting.reject(peekErrorOf(outcome.code, outcome.msg, "ACTION_REJECTED"));
  }

  /** Nobody will tell of them any more. @param which Of which. @param why `The client was closed`. */
  leave(why: string, which: (n: number) => boolean): void {
    for (const [n, waiting] of this.#waiting) {
      if (!which(n)) continue;
      this.#waiting.delete(n);
      const what = `${why} before ${waiting.type} was answered. It stays on the device.`;
      waiting.reject(new PeekError("CLIENT_CLOSED", what));
    }
  }
}

/** Drops the oldest of too many. */
function limit(all: Set<number> | Map<number, unknown>, most: number): void {
  const [oldest] = all.keys();
  if (all.size > most && oldest !== undefined) all.delete(oldest);
}
