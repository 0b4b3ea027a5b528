import { PeekError } from "@peek/errors";
import { checkData, decode } from "@peek/plugin-base/contracts";
import type { z } from "zod";
import { peekErrorOf } from "../peekErrorOf.ts";
import type { FinalOutcome } from "./FinalOutcome.ts";

/** How many settled actions are remembered. */
const maxSettled = 2000;
/** How many outcomes are remembered without a request: another tab may report one before the device has stored the action. */
const maxUnrequested = 50;

/** The parts of an action type that are needed to read the result. */
interface ResultType<Result> {
  readonly name: string;
  readonly result: z.ZodType<Result> | undefined;
}

interface Request {
  readonly type: string;
  resolve(result: string): void;
  reject(error: PeekError): void;
}

/** The results of the actions that this tab has pushed, and the actions that were settled lately. */
export class ActionResults {
  readonly #requests = new Map<number, Request>();
  readonly #settled = new Set<number>();
  readonly #unrequested = new Map<number, FinalOutcome>();

  /** Whether an action was settled lately. */
  has(n: number): boolean {
    return this.#settled.has(n);
  }

  /** The result of an action. */
  async of<Result>(n: number, type: ResultType<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#requests.set(n, { type: type.name, resolve, reject });
    const known = this.#unrequested.get(n);
    if (known !== undefined) this.settled(n, known);
    const body = await promise;
    // A type without a schema of the result has the result void.
    if (type.result === undefined) return undefined as Result;
    return checkData(type.result, decode(body), `the result of ${type.name}`);
  }

  settled(n: number, outcome: FinalOutcome): void {
    this.#settled.add(n);
    limit(this.#settled, maxSettled);
    const request = this.#requests.get(n);
    if (request === undefined) {
      this.#unrequested.set(n, outcome);
      limit(this.#unrequested, maxUnrequested);
      return;
    }
    this.#requests.delete(n);
    this.#unrequested.delete(n);
    if (outcome.kind === "done") request.resolve(outcome.result);
    else request.reject(peekErrorOf(outcome.code, outcome.msg, "ACTION_REJECTED"));
  }

  /** Rejects requests. @param why `The client was closed`. @param isAbandoned Which ones. */
  abandon(why: string, isAbandoned: (n: number) => boolean): void {
    for (const [n, request] of this.#requests) {
      if (!isAbandoned(n)) continue;
      this.#requests.delete(n);
      const message = `${why} before ${request.type} was answered. The action stays on the device.`;
      request.reject(new PeekError("CLIENT_CLOSED", message));
    }
  }
}

/** Drops the oldest entry if there are too many. */
function limit(all: Set<number> | Map<number, unknown>, max: number): void {
  const [oldest] = all.keys();
  if (all.size > max && oldest !== undefined) all.delete(oldest);
}
