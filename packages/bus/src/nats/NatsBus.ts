import { messageOf, PeekError } from "@peek/errors";
import { Listeners } from "@peek/kit";
import type { Logger, Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, disconnected } from "../busErrors.ts";
import { checkMessage, maxMessageBytes } from "../messageLimits.ts";
import { RefusalLog } from "../RefusalLog.ts";
import { type NatsConfig, natsUnusable, parseNatsConfig } from "./NatsConfig.ts";
import { NatsConnector } from "./NatsConnector.ts";
import { NatsPresence } from "./NatsPresence.ts";
import type { NatsServerConnection, NatsServerConnectionEvents } from "./NatsServerConnection.ts";
import { NatsSession, type NatsSessionOwner } from "./NatsSession.ts";
import { findExcessPermission, isPermissionProbe } from "./permissionProbes.ts";

/** The smallest max_payload that a server may have; bytes. */
const minMaxPayload = 4096;

/** How a {@link NatsBus} connects. */
export interface NatsBusOptions {
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly config: NatsConfig;
  /** The interval in which presence is published. Must be the same for all services. */
  readonly heartbeatMs: number;
  /** How long one attempt to connect may take. Default: 5000. */
  readonly attemptMs?: number;
  readonly logger: Logger;
  /** Called with `NATS_UNUSABLE` when the server cannot or must not be used. The bus is closed then. */
  readonly onFatal: (error: PeekError) => void;
  /** Explains why a connection failed. Default: the error's own message. */
  readonly explain?: (error: Error) => string | undefined;
}

/** The operations that a server has denied. */
interface Violations {
  /** The subjects of permission probes, which the server must deny. */
  readonly probes: Set<string>;
  /** The first denial of an operation that the service needs. */
  fatal: PeekError | undefined;
}

/** A bus over NATS servers. It connects, and reconnects, by itself. See natsSubjects.ts for the protocol. */
export class NatsBus implements Bus {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly #options: NatsBusOptions;
  readonly #connector: NatsConnector;
  readonly #sessionOwner: NatsSessionOwner;
  readonly #presence = new NatsPresence((change) => this.#presenceListeners.notify(change));
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #refusals: RefusalLog;
  readonly #ending = new AbortController();
  #receiver: ((from: PeerIdentity, message: string) => void) | undefined;
  #serves: readonly string[] = [];
  #state: BusState = "connecting";
  /** Counts the connections. */
  #connections = 0;
  #connection: NatsServerConnection | undefined;
  /** Undefined while not connected. */
  #session: NatsSession | undefined;

  private constructor(options: NatsBusOptions) {
    const { service, member, config, attemptMs = 5000, logger, explain } = options;
    this.#options = options;
    this.self = { service, instance: member.instance };
    this.#refusals = new RefusalLog(logger);
    const settings = parseNatsConfig(config, service);
    this.#connector = new NatsConnector({
      settings,
      name: member.instance,
      attemptMs,
      logger: member.observer === true ? undefined : logger,
      explain,
    });
    this.#sessionOwner = {
      member,
      heartbeatMs: options.heartbeatMs,
      presence: this.#presence,
      serves: () => this.#serves,
      receive: (from, message) => {
        if (this.#state === "connected") this.#receiver?.(from, message);
      },
      gone: (instance) => this.#goneListeners.notify(instance),
      invalid: (title, subject) =>
        this.#refusals.refused("NATS", title, `${title} violates the protocol of Peek's services; on ${subject}`),
    };
    this.#run().catch((thrown: unknown) => this.#giveUp(asPeekError(thrown)));
  }

  /**
   * Opens a bus, which starts to connect.
   *
   * @throws PeekError `NATS_UNUSABLE` when the configuration is invalid.
   */
  static open(options: NatsBusOptions): NatsBus {
    return new NatsBus(options);
  }

  get state(): BusState {
    return this.#state;
  }

  get disconnectReason(): string | undefined {
    return this.#connector.failureReason;
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#stateListeners.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, message: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    if (this.#state === "closed") return;
    if (this.#presence.isWatched(service)) {
      if (this.#session !== undefined) await this.#presence.known(service);
      return;
    }
    this.#presence.watch(service);
    await this.#session?.watch(service);
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#presence.peers(service);
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#presenceListeners.add(listener);
  }

  onGone(listener: (instance: string) => void): Disposable {
    return this.#goneListeners.add(listener);
  }

  announce(serves: readonly string[]): void {
    this.#serves = serves;
    this.#session?.announce();
  }

  send(to: PeerIdentity, message: string): void {
    const session = this.#session;
    if (session === undefined) throw this.#state === "closed" ? closed(this.self) : disconnected(this.self);
    checkMessage(message, maxMessageBytes);
    session.send(to, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const session = this.#session;
    this.#session = undefined;
    this.#state = "closed";
    const closing = session?.close();
    this.#ending.abort();
    this.#presence.clear();
    this.#stateListeners.notify("closed");
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
    await (closing ?? this.#connection?.close());
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const violations: Violations = { probes: new Set(), fatal: undefined };
      const connection = await this.#connector.connect(this.#eventsOf(violations), signal);
      if (connection === undefined) return;
      this.#connection = connection;
      const reason = await this.#use(connection, violations);
      this.#connection = undefined;
      if (!signal.aborted) await this.#connector.lost(reason, signal);
    }
  }

  #eventsOf(violations: Violations): NatsServerConnectionEvents {
    return {
      onViolation: ({ operation, subject }) => {
        if (isPermissionProbe(subject)) {
          violations.probes.add(subject);
          return;
        }
        violations.fatal ??= this.#missingPermission(operation, subject);
        // In use, the permissions have been changed: reconnecting reports it. Before, #prepare() returns the error.
        if (this.#session !== undefined) this.#connection?.end(violations.fatal.message);
      },
      onFault: (thrown) =>
        this.#options.logger.error({ err: thrown }, "Failed to handle a message from NATS: %s", messageOf(thrown)),
    };
  }

  /** Uses a connection until it ends. Returns the reason of the end. */
  async #use(connection: NatsServerConnection, violations: Violations): Promise<string> {
    const { service, instance } = this.self;
    this.#connections += 1;
    const self = { service, instance, connection: this.#connections };
    const session = new NatsSession(connection, self, this.#sessionOwner);
    const error = await this.#prepare(connection, session, violations);
    if (error !== undefined && connection.isOpen) return await this.#fail(connection, error);
    if (!connection.isOpen) {
      this.#presence.clear();
      return await connection.ended;
    }
    this.#begin(session);
    const reason = await connection.ended;
    session.end();
    this.#end(session);
    return reason;
  }

  /** Returns why the server cannot or must not be used; undefined when it can. */
  async #prepare(
    connection: NatsServerConnection,
    session: NatsSession,
    violations: Violations,
  ): Promise<PeekError | undefined> {
    if (!connection.reportsNoResponders || connection.maxPayload < minMaxPayload) {
      return natsUnusable(
        `The NATS server is too old, or its max_payload is too small. Use version 2.2 or later, with a max_payload of at least ${minMaxPayload} bytes.`,
      );
    }
    session.listen();
    const excess = await findExcessPermission(connection, this.self.service, violations.probes);
    if (excess !== undefined) return this.#excessPermission(excess);
    if (violations.fatal === undefined) await session.queryAll();
    return violations.fatal;
  }

  #begin(session: NatsSession): void {
    this.#session = session;
    this.#state = "connected";
    session.begin();
    this.#connector.connected();
    this.#stateListeners.notify("connected");
  }

  #end(session: NatsSession): void {
    // The bus may have been disposed, also by a listener.
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#state = "connecting";
    this.#presence.clear();
    this.#stateListeners.notify("connecting");
  }

  async #fail(connection: NatsServerConnection, error: PeekError): Promise<string> {
    await connection.close();
    await this.#giveUp(error);
    return error.message;
  }

  async #giveUp(error: PeekError): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const connection = this.#connection;
    try {
      await this[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#options.logger.error({ err: thrown }, "Failed to close the connection to NATS: %s", thrown);
      await connection?.close();
    }
    this.#options.onFatal(error);
  }

  #excessPermission(action: string): PeekError {
    return natsUnusable(
      `The NATS server permits ${this.self.service} to ${action}, so services cannot trust each other. Put the output of \`peek nats permissions\` into the server's configuration.`,
    );
  }

  #missingPermission(operation: string, subject: string): PeekError {
    const action = operation === "publish" ? "publish to" : "subscribe to";
    return natsUnusable(
      `The NATS server does not permit ${this.self.service} to ${action} ${subject}. Put the output of \`peek nats permissions\` into the server's configuration.`,
    );
  }
}

function asPeekError(thrown: unknown): PeekError {
  if (PeekError.is(thrown)) return thrown;
  return new PeekError("INTERNAL", `The connection to NATS failed: ${messageOf(thrown)}`, { cause: thrown });
}
