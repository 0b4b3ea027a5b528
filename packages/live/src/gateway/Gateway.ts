import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { LogThrottle, TaskGroup } from "@peek/kit";
import { clientProtocol, closeCodes } from "@peek/live-protocol";
import type { Logger, PluginPresence, PluginRpc } from "@peek/plugin-base";
import { WebSocketServer } from "ws";
import type { StaleStatus } from "../channel/StaleStatus.ts";
import { ActionClient } from "./actions/ActionClient.ts";
import { ActionDispatcher } from "./actions/ActionDispatcher.ts";
import { AdmissionCache } from "./admission/AdmissionCache.ts";
import { SubscriptionAdmission } from "./admission/SubscriptionAdmission.ts";
import { ChannelRegistry } from "./channels/ChannelRegistry.ts";
import { BrowserConnection } from "./connection/BrowserConnection.ts";
import { BrowserSocket } from "./connection/BrowserSocket.ts";
import type { ConnectionContext } from "./connection/ConnectionContext.ts";
import { ticksPerBeat } from "./connection/LivenessCheck.ts";
import { ConnectionCounts } from "./ConnectionCounts.ts";
import type { ExposedContracts } from "./exposed/ExposedContracts.ts";
import { FrameMemoryBudget } from "./frames/FrameMemoryBudget.ts";
import type { GatewaySession } from "./GatewaySession.ts";
import type { GatewayStatistics } from "./GatewayStatistics.ts";
import { LogicClient } from "./logic/LogicClient.ts";
import { refuseUpgrade } from "./refuseUpgrade.ts";
import { UnauthenticatedSockets } from "./UnauthenticatedSockets.ts";

/** How many bytes a browser may send in one frame. An action's body has half of it. */
const maxPayload = 512 * 1024;
/** In how many steps browsers are asked to connect elsewhere. */
const drainSteps = 100;
/** After how long a refused browser should try again. */
const retryAfterSeconds = 5;

/** Options of a {@link Gateway}. */
export interface GatewayOptions {
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly presence: PluginPresence;
  /** The contracts that the plugins of this service expose. */
  readonly exposed: ExposedContracts;
  readonly logger: Logger;
  /** How many browsers may be connected. Default: 20,000. */
  readonly maxConnections?: number;
  /** How many connections a device may have. Default: 200. */
  readonly maxPerDevice?: number;
  /** How many connections a user may have. Default: 2,000. */
  readonly maxPerUser?: number;
  /**
   * The interval of heartbeats. A browser that is silent for 3.5 intervals is gone; one that reads nothing for 15 intervals is
   * stuck. Default: 10,000.
   */
  readonly beatMs?: number;
  /**
   * How many bytes the large frames may take that are being sent to browsers. Beyond that, browsers wait, and slow browsers are
   * closed after a heartbeat. Default: 64 MiB.
   */
  readonly maxLargeFrameBytes?: number;
  /** Over how long {@link Gateway.drain} is spread, so that browsers do not all connect elsewhere at once. Default: 2,000. */
  readonly drainMs?: number;
  /** How long a browser that has to log in may take to close its connection. Default: 1,000. */
  readonly unauthenticatedMs?: number;
  /** How long a channel is followed after its last browser has left. Default: 30,000. */
  readonly lingerMs?: number;
}

/** Serves the browsers of field or office over WebSockets: their subscriptions and their actions. One for each process. */
export class Gateway implements AsyncDisposable {
  readonly #options: Required<Omit<GatewayOptions, "lingerMs">>;
  readonly #server: WebSocketServer;
  readonly #context: ConnectionContext;
  readonly #logic: LogicClient;
  readonly #channels: ChannelRegistry;
  readonly #connections = new Set<BrowserConnection>();
  readonly #unauthenticated: UnauthenticatedSockets;
  readonly #perDevice = new ConnectionCounts();
  readonly #perUser = new ConnectionCounts();
  readonly #listening = new DisposableStack();
  /** Called when the last connection is closed. */
  readonly #onEmpty: (() => void)[] = [];
  #isStopping = false;

  constructor({ lingerMs, ...options }: GatewayOptions) {
    this.#options = {
      maxConnections: 20_000,
      maxPerDevice: 200,
      maxPerUser: 2000,
      beatMs: 10_000,
      drainMs: 2000,
      unauthenticatedMs: 1000,
      maxLargeFrameBytes: 64 * 1024 * 1024,
      ...options,
    };
    const { rpc, presence, exposed, logger, beatMs, maxLargeFrameBytes } = this.#options;
    this.#unauthenticated = new UnauthenticatedSockets(this.#options.unauthenticatedMs);
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: BrowserSocket,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload,
      handleProtocols: () => clientProtocol,
    });
    const logThrottle = new LogThrottle();
    const logic = new LogicClient({ rpc, presence, logger, logThrottle });
    const channels = new ChannelRegistry({
      logic,
      logger,
      logThrottle,
      onAdmissionsOutdated: (observable) => admission.rightsChanged(observable),
      ...(lingerMs !== undefined && { lingerMs }),
    });
    const admission = new SubscriptionAdmission(exposed, new AdmissionCache(logic), channels);
    this.#logic = logic;
    this.#channels = channels;
    this.#context = {
      logic,
      actions: new ActionDispatcher(new ActionClient(rpc), exposed, logger, logThrottle),
      admission,
      memory: new FrameMemoryBudget(maxLargeFrameBytes),
      tasks: new TaskGroup(),
      logger,
      logThrottle,
      beatMs,
    };
    this.#listening.use(logic.onStaleness(() => this.#onStaleness()));
    // Rights may have changed while logic was not reached.
    this.#listening.use(logic.onReached(() => admission.rightsChanged()));
    this.#listening.use(
      logic.onRightsChanged((observable) => {
        admission.rightsChanged(observable);
        channels.retry(observable);
      }),
    );
    this.#listening.use(exposed.onRemoved((observable) => admission.hide(observable)));
    this.#listening.use(exposed.onSuspended((plugin) => channels.suspend(plugin)));
    this.#listening.use(
      exposed.onResumed((plugin) => {
        channels.resume(plugin);
        admission.pluginResumed(plugin);
      }),
    );
    const ticking = setInterval(() => this.#tick(), beatMs / ticksPerBeat);
    // The process is kept alive by its connections.
    ticking.unref();
    this.#listening.defer(() => clearInterval(ticking));
  }

  /** Accepts an upgrade request whose origin and session the site has checked. Refuses it by HTTP when a limit is reached. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: GatewaySession): void {
    const { maxConnections, maxPerDevice, maxPerUser } = this.#options;
    const { user, device, ended } = session;
    if (this.#isStopping) return refuseUpgrade(socket, 503, "The service is stopping.", retryAfterSeconds);
    if (ended.aborted) return refuseUpgrade(socket, 401, "The session has ended. Log in again.");
    if (!offers(request, clientProtocol)) {
      return refuseUpgrade(socket, 400, `The WebSocket's subprotocol must be ${clientProtocol}. Update the page.`);
    }
    if (this.#connections.size + this.#unauthenticated.count >= maxConnections) {
      this.#logRefusal(`the connection limit of ${maxConnections} has been reached`);
      return refuseUpgrade(socket, 503, "The connection limit has been reached.", retryAfterSeconds);
    }
    if (this.#perDevice.of(device) >= maxPerDevice || this.#perUser.of(user.id) >= maxPerUser) {
      this.#logRefusal(`${user.name} has reached the connection limit of a device or user`);
      return refuseUpgrade(
        socket,
        429,
        "The connection limit of this device or user has been reached.",
        retryAfterSeconds,
      );
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      // The server makes no others.
      if (!(ws instanceof BrowserSocket)) return;
      this.#perDevice.add(device);
      this.#perUser.add(user.id);
      this.#connections.add(new BrowserConnection(ws, socket, session, this.#context, this.#onClosed));
    });
  }

  /**
   * Accepts an upgrade request of a browser that has to log in, and closes it with that reason: pages do not learn the reason of a
   * refusal by HTTP. When there are too many at a time, it is refused by HTTP, and tries again.
   */
  refuseUnknown(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isStopping) return refuseUpgrade(socket, 503, "The service is stopping.", retryAfterSeconds);
    if (!offers(request, clientProtocol) || this.#unauthenticated.isFull) {
      return refuseUpgrade(socket, 401, "The browser is not logged in. Log in, and try again.", retryAfterSeconds);
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#unauthenticated.close(ws, socket));
  }

  /**
   * Asks all browsers to connect elsewhere, and accepts no others.
   *
   * @param signal When it fires, the connections that are left are cut.
   * @returns When all connections are closed.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    const all = [...this.#connections];
    const step = Math.ceil(all.length / drainSteps);
    for (let start = 0; start < all.length && !signal.aborted; start += step) {
      for (const each of all.slice(start, start + step)) each.close(closeCodes.goAway, "The service is stopping.");
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
      sum.bufferedBytes += each.writer.bufferedBytes;
      sum.lagging += each.laggingCount;
      sum.actions += each.actionCount;
    }
    return {
      connections: this.#connections.size,
      ...sum,
      ...this.#channels.statistics(),
      largeFrameBytes: this.#context.memory.bytes,
      pendingAdmissions: this.#logic.pendingAdmissions,
    };
  }

  /** The channels whose tuples are not known to be current. */
  stale(): StaleStatus {
    return this.#channels.stale();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#options.exposed[Symbol.dispose]();
    for (const each of this.#connections) each.terminate();
    this.#unauthenticated[Symbol.dispose]();
    await this.#emptied();
    await this.#context.tasks.settled();
    this.#listening.dispose();
    await Promise.all([this.#channels[Symbol.asyncDispose](), this.#logic[Symbol.asyncDispose]()]);
    this.#server.close();
  }

  #tick(): void {
    this.#context.memory.tick();
    for (const each of this.#connections) each.tick();
  }

  #onStaleness(): void {
    for (const each of this.#connections) each.sendUpstream();
  }

  /** One function for all connections. */
  readonly #onClosed = (connection: BrowserConnection): void => {
    if (!this.#connections.delete(connection)) return;
    this.#perDevice.remove(connection.session.device);
    this.#perUser.remove(connection.session.user.id);
    if (this.#connections.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  };

  /** Returns when there is no connection. */
  async #emptied(): Promise<void> {
    if (this.#connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty.push(resolve);
    await promise;
  }

  #logRefusal(reason: string): void {
    const suppressed = this.#context.logThrottle.count("refused");
    if (suppressed !== undefined) this.#context.logger.warning("A browser was refused: %s%s", reason, suppressed);
  }
}

function offers(request: IncomingMessage, protocol: string): boolean {
  const offered = request.headers["sec-websocket-protocol"] ?? "";
  return offered.split(",").some((each) => each.trim() === protocol);
}

/** Waits, but no longer than until the signal fires. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
