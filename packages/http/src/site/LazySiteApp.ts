import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "@peek/errors";
import type { FastifyInstance } from "fastify";
import type { FailureLog } from "./FailureLog.ts";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";
import { answerBody, siteAnswer } from "./siteAnswers.ts";

/** What the parts of a site share. */
export interface SiteParts {
  readonly allowedOrigins: ReadonlySet<string>;
  readonly failures: FailureLog;
  readonly isDraining: () => boolean;
}

/**
 * The application of a site, imported and made when the first request comes: Fastify with its plugins is a third of all
 * that a service would load at its start, and a service whose site no browser opens never needs it.
 */
export class LazySiteApp implements AsyncDisposable {
  readonly #options: HttpSiteOptions;
  readonly #parts: SiteParts;
  #app: FastifyInstance | undefined;
  #opening: Promise<FastifyInstance> | undefined;

  constructor(options: HttpSiteOptions, parts: SiteParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Answers a request; the first ones as soon as the application is ready. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#app === undefined) void this.#answerWhenOpen(request, response);
    else this.#app.routing(request, response);
  }

  /** Closes the application, if a request has come. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Its failure is answered to the requests that wait for it.
    const app = await this.#opening?.catch(() => undefined);
    await app?.close();
  }

  async #answerWhenOpen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const app = await (this.#opening ??= this.#open());
      app.routing(request, response);
    } catch (error) {
      // The next request tries again.
      this.#opening = undefined;
      this.#parts.failures.tell({ err: error }, "The site cannot answer requests: %s", messageOf(error));
      refuseRequest(response);
    }
  }

  async #open(): Promise<FastifyInstance> {
    const { createSiteApp } = await import("./createSiteApp.ts");
    const app = createSiteApp(this.#options, this.#parts);
    await app.ready();
    this.#app = app;
    return app;
  }
}

function refuseRequest(response: ServerResponse): void {
  const { type, body } = answerBody(siteAnswer(500), false);
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(500, { ...headers, connection: "close" }).end(body);
}
