import type { Readable } from "node:stream";
import { PeekError } from "@peek/errors";
import type { HttpHandler, PeekUser } from "@peek/plugin-base";
import type { FailureLog } from "../site/FailureLog.ts";
import type { ContextRunner } from "@peek/kit";
import { RequestBody } from "./RequestBody.ts";

/** What a {@link HandlerRoute} is made of. */
export interface HandlerRouteOptions {
  /** For messages: `GET /peek_plugin_tutorial/pumps/:id`. */
  readonly title: string;
  readonly handler: HttpHandler;
  readonly maxBodyBytes: number;
  readonly deadlineMs: number;
  readonly run: ContextRunner;
  readonly failures: FailureLog;
}

/** A request for a plugin's handler. */
export interface HandlerCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** Undefined where the method has none. */
  readonly body: Readable | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly user: PeekUser;
  /** Fires when the browser has gone. */
  readonly gone: AbortSignal;
}

/** What becomes of a call: the plugin's answer, or a status to tell. */
export type HandlerResult = { readonly response: Response; readonly signal: AbortSignal } | { readonly status: number };

/** A route that a plugin's function answers. */
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
      // A handler may take a body that was cut for all that there is.
      if (body?.isTooLarge === true) return refused(running, 413);
      if (response instanceof Response) return { response, signal: AbortSignal.any([call.gone, this.#stopped.signal]) };
      if (response === undefined) {
        if (deadline.signal.aborted) failures.tell({}, "%s did not answer within %d ms", title, deadlineMs);
        return refused(running, deadline.signal.aborted ? 504 : 503);
      }
      this.tell("answered with what is no Response");
      return { status: 500 };
    } catch (error) {
      if (body?.isTooLarge === true) return { status: 413 };
      if (!call.gone.aborted) this.tell("failed", error);
      return { status: 500 };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells the plugin's log what is wrong with an answer. */
  tell(what: string, error?: unknown): void {
    const { failures, title } = this.#options;
    failures.tell(error === undefined ? {} : { err: error }, `%s ${what}`, title);
  }

  /** Aborts what is under way, and waits for the handlers that run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { title } = this.#options;
    this.#stopped.abort(
      new PeekError("PLUGIN_RELEASED", `${title} is not answered any more: its plugin has ended it.`),
    );
    await Promise.allSettled(this.#running);
  }

  async #run(call: HandlerCall, body: RequestBody | undefined, signal: AbortSignal): Promise<unknown> {
    const { handler, run } = this.#options;
    const { method, url, headers, params, user } = call;
    // A body that is a stream needs the field `duplex`, which the type of the browser's does not know.
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

/** What comes after all is not sent to anybody. */
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
  return new PeekError("DEADLINE_EXCEEDED", `${title} has to be answered within ${deadlineMs} ms.`);
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
