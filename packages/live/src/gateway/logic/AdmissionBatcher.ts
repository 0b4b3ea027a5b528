import { setTimeout } from "node:timers/promises";
import { messageOf, PeekError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import { isOutage } from "./isOutage.ts";
import type { Admission, ObservablesClient } from "../../rpc/ObservablesRpc.ts";

interface Question {
  readonly proof: string;
  readonly selector: string;
  /** How many callers wait for the answer. */
  waiting: number;
  readonly answer: PromiseWithResolvers<Admission>;
}

/** How many questions one call holds. */
const maxQuestions = 1000;
/** How many characters of questions one call holds, approximately. */
const maxChars = 2 * 1024 * 1024;
/** Longer than a plugin may take for all questions that logic asks it one after the other. */
const deadlineMs = 120_000;

/** Asks logic who may watch: many questions in one call, and equal questions that wait only once. */
export class AdmissionBatcher implements AsyncDisposable {
  readonly #client: ObservablesClient;
  readonly #closing = new AbortController();
  /** Not sent yet; by proof and selector. */
  readonly #questions = new Map<string, Question>();
  readonly #calls = new Set<Promise<void>>();
  #tick: NodeJS.Immediate | undefined;

  constructor(client: ObservablesClient) {
    this.#client = client;
  }

  /** How many questions wait to be sent. */
  get size(): number {
    return this.#questions.size;
  }

  /**
   * Asks whether the user of a session may watch. Waits while logic is not reached.
   *
   * @param proof Of the session.
   * @param selector Its canonical text.
   * @throws The reason of the signal; PeekError `VORTEX_CLOSED`.
   */
  async ask(proof: string, selector: string, signal: AbortSignal): Promise<Admission> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw closed();
    const question = this.#join(proof, selector);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await Promise.race([question.answer.promise, aborted.promise]);
    } finally {
      question.waiting -= 1;
      signal.removeEventListener("abort", onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearImmediate(this.#tick);
    this.#closing.abort(closed());
    for (const question of this.#questions.values()) reject(question, closed());
    this.#questions.clear();
    await Promise.all(this.#calls);
  }

  #join(proof: string, selector: string): Question {
    // A question that was sent already may be answered as of a time before this one.
    const key = `${proof}\n${selector}`;
    const known = this.#questions.get(key);
    const question = known ?? { proof, selector, waiting: 0, answer: Promise.withResolvers<Admission>() };
    question.waiting += 1;
    if (known !== undefined) return question;
    this.#questions.set(key, question);
    this.#tick ??= setImmediate(() => {
      this.#tick = undefined;
      this.#send();
    });
    return question;
  }

  #send(): void {
    let batch: Question[] = [];
    let chars = 0;
    const send = (): void => {
      const call = this.#call(batch);
      this.#calls.add(call);
      void call.finally(() => this.#calls.delete(call));
      batch = [];
      chars = 0;
    };
    for (const [key, question] of this.#questions) {
      batch.push(question);
      chars += key.length;
      if (batch.length === maxQuestions || chars > maxChars) send();
    }
    this.#questions.clear();
    if (batch.length > 0) send();
  }

  /** Never rejects. */
  async #call(batch: readonly Question[]): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    let left = batch;
    while (left.length > 0 && !signal.aborted) {
      try {
        const admissions = await this.#client.admit(
          { asks: left.map(({ proof, selector }) => ({ proof, selector })) },
          { wait: true, deadlineMs, signal },
        );
        for (const [index, { answer }] of left.entries()) answer.resolve(admissions[index] ?? unanswered);
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
    for (const question of left) reject(question, closed());
  }
}

const unanswered: Admission = {
  ok: false,
  code: "INTERNAL",
  message: "Logic did not answer whether the user may watch.",
};

function reject({ answer }: Question, error: PeekError): void {
  // Nobody may be waiting any more.
  answer.promise.catch(() => undefined);
  answer.reject(error);
}

function closed(): PeekError {
  return new PeekError("VORTEX_CLOSED", "Failed to ask logic who may watch: the service is stopping.");
}
