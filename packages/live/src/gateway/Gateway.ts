import type { Logger } from "@peek/plugin-base";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { WebSocketServer } from "ws";
import type { ActionRunner } from "./ActionRunner.ts";
import type { ChannelSource } from "./proxy/ChannelSource.ts";
import { LogThrottle, TaskGroup } from "@peek/kit";
import { clientProtocol, closeCodes } from "@peek/live-protocol";
import { ActionDesk } from "./ActionDesk.ts";
import { Admissions } from "./Admissions.ts";
import { BrowserConnection } from "./BrowserConnection.ts";
import { BrowserSocket } from "./BrowserSocket.ts";
import { ChannelTable } from "./ChannelTable.ts";
import type { ConnectionContext } from "./ConnectionContext.ts";
import { ConnectionCounts } from "./ConnectionCounts.ts";
import type { Exposure } from "./Exposure.ts";
import type { GatewaySession } from "./GatewaySession.ts";
import type { GatewayStatistics } from "./GatewayStatistics.ts";
import { KernelQueues } from "./KernelQueues.ts";
import { LargeFrames } from "./LargeFrames.ts";
import { refuseUpgrade } from "./refuseUpgrade.ts";
import { SharedFrames } from "./SharedFrames.ts";
import { Strangers } from "./Strangers.ts";
import { ticksPerBeat } from "./Vigil.ts";
import { WatchDesk } from "./WatchDesk.ts";

/** What a browser may send in one frame; bytes. An action's body has half of it. */
const maxPayload = 512 * 1024;
/** In how many steps browsers are asked to go. */
const drainSteps = 100;
/** After how long it is worth trying again; seconds. */
const retryAfterSeconds = 5;

/** What a {@link Gateway} is made of. */
export interface GatewayOptions {
  readonly channels: ChannelSource;
  readonly actions: ActionRunner;
  /** What the plugins of this service expose. */
  readonly exposed: Exposure;
  readonly logger: Logger;
  /** How many browsers may be connected. Default: 20,000. */
  readonly maxConnections?: number;
  /** How many connections a device may have. Default: 200. */
  readonly maxPerDevice?: number;
  /** How many a user may have. Default: 2,000. */
  readonly maxPerUser?: number;
  /**
   * How often a browser hears something, at least; milliseconds. One that is silent for 3.5 times as long is taken for gone, one
   * that takes nothing for 15 times as long for stuck. Default: 10,000.
   */
  readonly beatMs?: number;
  /**
   * How much large frames may take, on their way to browsers; bytes. Beyond, browsers wait, and after a beat those that are slow
   * are closed. Default: 64 MiB.
   */
  readonly maxLargeFrameBytes?: number;
  /** Over how long browsers are asked to go elsewhere, so that they do not all arrive there at once; milliseconds. Default: 2,000. */
  readonly drainMs?: number;
}

/** Takes the WebSockets of browsers on field and office: what they watch, and what they do. */
export class Gateway implements AsyncDisposable {
  readonly #options: Required<GatewayOptions>;
  readonly #server: WebSocketServer;
  readonly #context: ConnectionContext;
  readonly #channels: ChannelTable;
  readonly #connections = new Set<BrowserConnection>();
  readonly #strangers = new Strangers();
  readonly #perDevice = new ConnectionCounts();
  readonly #perUser = new ConnectionCounts();
  readonly #stack = new DisposableStack();
  readonly #empty: (() => void)[] = [];
  #isStopping = false;

  constructor(options: GatewayOptions) {
    this.#options = {
      maxConnections: 20_000,
      maxPerDevice: 200,
      maxPerUser: 2000,
      beatMs: 10_000,
      drainMs: 2000,
      maxLargeFrameBytes: 64 * 1024 * 1024,
      ...options,
    };
    const { channels: source, actions, exposed: exposure, logger, beatMs, maxLargeFrameBytes } = this.#options;
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: BrowserSocket,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload,
      handleProtocols: () => clientProtocol,
    });
    const channels = new ChannelTable(source, new SharedFrames());
    const watches = new WatchDesk(exposure, new Admissions(source), channels);
    const tasks = new TaskGroup();
    this.#context = {
      source,
      actions: new ActionDesk(actions, exposure),
      watches,
      frames: new LargeFrames(maxLargeFrameBytes),
      queues: new KernelQueues(tasks),
      tasks,
      logger,
      rateLimit: new LogThrottle(),
      beatMs,
      onClosed: (connection) => this.#onClosed(connection),
    };
    this.#channels = channels;
    this.#stack.use(channels);
    this.#stack.use(source.onStaleness(() => this.#onStaleness()));
    // Rights may have changed while nobody could say so.
    this.#stack.use(source.onReached(() => watches.rightsChanged()));
    this.#stack.use(source.onRightsChanged((observable) => watches.rightsChanged(observable)));
    this.#stack.use(exposure.onRemoved((observable) => watches.hide(observable)));
    const beating = setInterval(() => this.#tick(), beatMs / ticksPerBeat);
    // Connections keep the process going, not the look at them.
    beating.unref();
    this.#stack.defer(() => clearInterval(beating));
  }

  /** Takes an upgrade request whose origin and session the site has checked. Refuses it by HTTP when there are too many. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: GatewaySession): void {
    const { maxConnections, maxPerDevice, maxPerUser } = this.#options;
    const { user, device, ended } = session;
    if (this.#isStopping) return refuseUpgrade(socket, 503, "The service stops.", retryAfterSeconds);
    if (ended.aborted) return refuseUpgrade(socket, 401, "The session has ended. Log in again.");
    if (!offers(request, clientProtocol)) {
      return refuseUpgrade(socket, 400, `The WebSocket's subprotocol must be ${clientProtocol}. Update the page.`);
    }
    if (this.#connections.size + this.#strangers.count >= maxConnections) {
      this.#noteRefusal("the service has as many browsers as it takes");
      return refuseUpgrade(socket, 503, "The service has as many browsers as it takes.", retryAfterSeconds);
    }
    if (this.#perDevice.of(device) >= maxPerDevice || this.#perUser.of(user.id) >= maxPerUser) {
      this.#noteRefusal(`${user.name} has as many connections as one may have`);
      return refuseUpgrade(socket, 429, "There are too many connections of this device or user.", retryAfterSeconds);
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // It makes those alone.
      if (!(ws instanceof BrowserSocket)) return;
      this.#perDevice.add(device);
      this.#perUser.add(user.id);
      this.#connections.add(new BrowserConnection(ws, socket, session, this.#context));
    });
  }

  /**
   * Takes an upgrade request of a browser that has to log in, to tell it so: of an answer by HTTP, pages learn nothing. Where too
   * many have to be told at a time, it gets that, and comes again.
   */
  refuseUnknown(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isStopping) return refuseUpgrade(socket, 503, "The service stops.", retryAfterSeconds);
    if (!offers(request, clientProtocol) || this.#strangers.isFull) {
      return refuseUpgrade(socket, 401, "Nobody has logged in here. Log in, and try again.", retryAfterSeconds);
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#strangers.dismiss(ws));
  }

  /**
   * Asks browsers to go elsewhere, and takes no more.
   *
   * @param signal By when; whoever is left then is cut off.
   * @returns When all have gone.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    const all = [...this.#connections];
    const step = Math.ceil(all.length / drainSteps);
    for (let start = 0; start < all.length && !signal.aborted; start += step) {
      for (const each of all.slice(start, start + step)) each.close(closeCodes.goAway, "The service stops.");
      await pause(this.#options.drainMs / drainSteps, signal);
    }
    const cut = (): void => {
      for (const each of this.#connections) each.terminate();
    };
    signal.addEventListener("abort", cut, { once: true });
    if (signal.aborted) cut();
    await this.#emptied();
    signal.removeEventListener("abort", cut);
  }

  statistics(): GatewayStatistics {
    const sum = { subscriptions: 0, bufferedBytes: 0, lagging: 0, actions: 0 };
    for (const each of this.#connections) {
      sum.subscriptions += each.subscriptionCount;
      sum.bufferedBytes += each.outlet.bufferedBytes;
      sum.lagging += each.laggingCount;
      sum.actions += each.actions;
    }
    const largeFrameBytes = this.#context.frames.bytes;
    return { connections: this.#connections.size, channels: this.#channels.size, largeFrameBytes, ...sum };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    for (const each of this.#connections) each.terminate();
    this.#strangers[Symbol.dispose]();
    await this.#emptied();
    await this.#context.tasks.settled();
    this.#stack.dispose();
    this.#server.close();
  }

  #tick(): void {
    const { frames, queues, watches } = this.#context;
    frames.tick();
    queues.tick();
    watches.tick();
    for (const each of this.#connections) each.tick();
  }

  #onStaleness(): void {
    for (const each of this.#connections) each.upstream();
  }

  #onClosed(connection: BrowserConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#perDevice.remove(connection.session.device);
    this.#perUser.remove(connection.session.user.id);
    if (this.#connections.size > 0) return;
    for (const resolve of this.#empty.splice(0)) resolve();
  }

  /** Settles when nobody is connected. */
  async #emptied(): Promise<void> {
    if (this.#connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#empty.push(resolve);
    await promise;
  }

  #noteRefusal(why: string): void {
    const more = this.#context.rateLimit.count("refused");
    if (more !== undefined) this.#context.logger.warning("A browser was refused: %s%s", why, more);
  }
}

function offers(request: IncomingMessage, protocol: string): boolean {
  const offered = request.headers["sec-websocket-protocol"] ?? "";
  return offered.split(",").some((each) => each.trim() === protocol);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // It fires when there is no time left, which whoever waits looks at.
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
