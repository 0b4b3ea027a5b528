import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "@peek/errors";
import type { FastifyInstance } from "fastify";
import type { HttpSiteOptions } from "./HttpSiteOptions.ts";
import type { SiteParts } from "./SiteParts.ts";
import { errorBody, errorResponse } from "./errorResponse.ts";

/**
 * The HTTP application of a site, which is imported and created with the first request: Fastify with its plugins is a third of all
 * modules that a service would load at its start, and a service whose site no browser opens does not need it.
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

  /** Answers a request. The first requests wait until the application is ready. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    if (this.#app === undefined) void this.#answerWhenOpen(request, response);
    else this.#app.routing(request, response);
  }

  /** Closes the application if it was created. */
  async [Symbol.asyncDispose](): Promise<void> {
    // The waiting requests get the error of a failed creation.
    const app = await this.#opening?.catch(() => undefined);
    await app?.close();
  }

  async #answerWhenOpen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const app = await (this.#opening ??= this.#open());
      app.routing(request, response);
    } catch (error) {
      // The next request tries it again.
      this.#opening = undefined;
      this.#parts.failures.log({ err: error }, "Failed to create the HTTP application: %s", messageOf(error));
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
  const { type, body } = errorBody(errorResponse(500), false);
  const headers = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(500, { ...headers, connection: "close" }).end(body);
}
