import { PassThrough, type Readable } from "node:stream";
import { PeekError } from "@peek/errors";
import type { SessionProvider, SiteSession } from "../sessions/SessionProvider.ts";
import type { WebCatalogues } from "./WebCatalogues.ts";
import type { WebModules } from "./WebModules.ts";

/** The limits of streams. */
export interface StreamLimits {
  /** The number of streams of the site. Default: 10,000. */
  readonly streams?: number;
  /** The number of streams of one user: one for each tab. Default: 100. */
  readonly streamsOfUser?: number;
  /** How often a comment is sent that keeps proxies from closing the connection. Default: 20,000. */
  readonly heartbeatMs?: number;
}

/** How long changes are collected before they are announced. */
const delayMs = 100;
/** How soon a browser reconnects. */
const retryMs = 2000;
/** The text that may wait for a browser that does not read. */
const maxWaiting = 64 * 1024;

interface Stream {
  readonly session: SiteSession;
  readonly output: PassThrough;
  etag: string | undefined;
}

/** The options of {@link CatalogueStreams}. */
export interface CatalogueStreamsOptions extends StreamLimits {
  readonly modules: WebModules;
  readonly catalogues: WebCatalogues;
  readonly sessions: SessionProvider;
  /** How long the plugins of a service that starts are waited for. */
  readonly startMs: number;
}

/**
 * The server-sent events of a site: `catalogue` with the ETag of the user's catalogue, at the begin and after each change of it; `login`
 * when the session has ended. Disposal ends all streams.
 */
export class CatalogueStreams implements Disposable {
  readonly #options: CatalogueStreamsOptions;
  readonly #streams = new Set<Stream>();
  readonly #byUser = new Map<string, number>();
  readonly #listener: Disposable;
  readonly #heartbeat: NodeJS.Timeout;
  #announcing: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: CatalogueStreamsOptions) {
    this.#options = options;
    this.#listener = options.modules.onChange(() => this.#changed());
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs ?? 20_000);
    this.#heartbeat.unref();
  }

  /** Opens a stream; undefined when there are too many. */
  open(session: SiteSession): Readable | undefined {
    const { sessions, streams = 10_000, streamsOfUser = 100 } = this.#options;
    const { id } = session.user;
    const ofUser = this.#byUser.get(id) ?? 0;
    if (this.#isClosed || this.#streams.size >= streams) return undefined;
    if (ofUser >= streamsOfUser) return undefined;
    const stream: Stream = { session, output: new PassThrough(), etag: undefined };
    this.#streams.add(stream);
    this.#byUser.set(id, ofUser + 1);
    const tracking = sessions.track(session);
    const onEnd = (): void => this.#sessionEnded(stream);
    session.ended.addEventListener("abort", onEnd, { once: true });
    stream.output.once("close", () => {
      session.ended.removeEventListener("abort", onEnd);
      tracking[Symbol.dispose]();
      this.#forget(stream);
    });
    stream.output.write(`retry: ${retryMs}\n\n`);
    if (session.ended.aborted) onEnd();
    else void this.#begin(stream);
    return stream.output;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#listener[Symbol.dispose]();
    clearInterval(this.#heartbeat);
    clearTimeout(this.#announcing);
    for (const { output } of this.#streams) output.end();
  }

  async #begin(stream: Stream): Promise<void> {
    const { modules, catalogues, startMs } = this.#options;
    if (!(await modules.complete(startMs))) {
      // The browser tries it again.
      stream.output.end();
      return;
    }
    await catalogues.refresh();
    this.#announceTo(stream);
  }

  #changed(): void {
    this.#announcing ??= setTimeout(() => void this.#announce(), delayMs);
  }

  async #announce(): Promise<void> {
    this.#announcing = undefined;
    const { modules, catalogues } = this.#options;
    if (this.#streams.size === 0 || !(await modules.complete(0))) return;
    await catalogues.refresh();
    for (const stream of this.#streams) this.#announceTo(stream);
  }

  #announceTo(stream: Stream): void {
    const { etag } = this.#options.catalogues.of(stream.session.user);
    if (etag === stream.etag) return;
    stream.etag = etag;
    this.#write(stream, `event: catalogue\ndata: ${etag}\n\n`);
  }

  #sessionEnded({ session, output }: Stream): void {
    const { reason } = session.ended;
    // A user who has been changed is still logged in: the browser reconnects.
    if (!PeekError.is(reason) || reason.code !== "SESSION_CHANGED") output.write("event: login\ndata: \n\n");
    output.end();
  }

  #beat(): void {
    for (const stream of this.#streams) this.#write(stream, ":\n\n");
  }

  #write({ output }: Stream, text: string): void {
    if (output.writableEnded || output.destroyed) return;
    if (output.writableLength > maxWaiting) output.destroy();
    else output.write(text);
  }

  #forget(stream: Stream): void {
    const { id } = stream.session.user;
    this.#streams.delete(stream);
    const left = (this.#byUser.get(id) ?? 1) - 1;
    if (left === 0) this.#byUser.delete(id);
    else this.#byUser.set(id, left);
  }
}
