import type { Readable } from "node:stream";
import { PeekError } from "@peek/errors";
import type { HttpHandler, PeekUser } from "@peek/plugin-base";
import type { RequestFailureLog } from "../site/RequestFailureLog.ts";
import type { ContextRunner } from "@peek/kit";
import { RequestBody } from "./RequestBody.ts";

/** Options of a {@link HandlerRoute}. */
export interface HandlerRouteOptions {
  /** For messages: `GET /peek_plugin_tutorial/pumps/:id`. */
  readonly title: string;
  readonly handler: HttpHandler;
  readonly maxBodyBytes: number;
  readonly deadlineMs: number;
  readonly run: ContextRunner;
  readonly failures: RequestFailureLog;
}

/** A request to a plugin's handler. */
export interface HandlerCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** undefined for a method without a body. */
  readonly body: Readable | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly user: PeekUser;
  /** Fires when the browser has disconnected. */
  readonly gone: AbortSignal;
}

/** The result of a call: the handler's response, or the status of an error. */
export type HandlerResult = { readonly response: Response; readonly signal: AbortSignal } | { readonly status: number };

/** A route that a plugin's handler answers. */
export class HandlerRoute {
  readonly #options: HandlerRouteOptions;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: HandlerRouteOptions) {
    this.#options = options;
  }

  async answer(call: HandlerCall): Promise<HandlerResult> {
    const { deadlineMs, failures, title, maxBodyBytes } = this.#options;
    const deadline = new AbortController();
    const signal = AbortSignal.any([call.gone, this.#stopped.signal, deadline.signal]);
    const body = call.body === undefined ? undefined : new RequestBody(call.body, maxBodyBytes);
    const ended = whenAborted(signal);
    const timer = setTimeout(() => deadline.abort(tooLate(title, deadlineMs)), deadlineMs);
    const running = this.#run(call, body, signal);
    this.#track(running);
    try {
      const response = await Promise.race([running, ended]);
      // A handler may mistake a truncated body for the whole.
      if (body?.isTooLarge === true) return refused(running, 413);
      if (response instanceof Response) return { response, signal: AbortSignal.any([call.gone, this.#stopped.signal]) };
      if (response === undefined) {
        if (deadline.signal.aborted) failures.log({}, "%s did not answer within %d ms", title, deadlineMs);
        return refused(running, deadline.signal.aborted ? 504 : 503);
      }
      this.report("returned a value that is not a Response");
      return { status: 500 };
    } catch (error) {
      if (body?.isTooLarge === true) return { status: 413 };
      if (!call.gone.aborted) this.report("failed", error);
      return { status: 500 };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs a problem of the handler. @param problem Continues a sentence about the route: `failed`. */
  report(problem: string, error?: unknown): void {
    const { failures, title } = this.#options;
    failures.log(error === undefined ? {} : { err: error }, `%s ${problem}`, title);
  }

  /** Resolves when the requests that run now have been answered. Never rejects. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** Aborts the running requests, and waits for their handlers. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { title } = this.#options;
    this.#stopped.abort(
      new PeekError("PLUGIN_RELEASED", `${title} does not answer any more: its plugin has ended the route.`),
    );
    await Promise.allSettled(this.#running);
  }

  async #run(call: HandlerCall, body: RequestBody | undefined, signal: AbortSignal): Promise<unknown> {
    const { handler, run } = this.#options;
    const { method, url, headers, params, user } = call;
    // A stream as body needs the field `duplex`, which is missing in the browser's type.
    const init = {
      method,
      headers,
      signal,
      ...(body !== undefined && { body: body.stream, duplex: "half" }),
    } as RequestInit;
    const request = new Request(url, init);
    return await run(handler, request, { user, params, signal });
  }

  #track(running: Promise<unknown>): void {
    this.#running.add(running);
    const forget = (): void => void this.#running.delete(running);
    running.then(forget, forget);
  }
}

/** Cancels a response that comes too late. */
function refused(running: Promise<unknown>, status: number): HandlerResult {
  running
    .then(
      (late) => (late instanceof Response ? late.body?.cancel() : undefined),
      () => {},
    )
    .catch(() => {});
  return { status };
}

function tooLate(title: string, deadlineMs: number): PeekError {
  return new PeekError("DEADLINE_EXCEEDED", `${title} did not answer within ${deadlineMs} ms.`);
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
