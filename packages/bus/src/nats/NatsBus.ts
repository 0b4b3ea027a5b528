import { messageOf, PeekError } from "@peek/errors";
import type { Logger, Peer, PeerIdentity, PresenceChange, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember, BusState } from "../Bus.ts";
import { closed, disconnected } from "../busErrors.ts";
import { Listeners } from "@peek/kit";
import { checkMessage, maxMessageBytes } from "../messageLimits.ts";
import { RefusalLog } from "../RefusalLog.ts";
import { type NatsConfig, parseNatsConfig, unusable } from "./NatsConfig.ts";
import { NatsConnector } from "./NatsConnector.ts";
import type { NatsServerConnection, NatsServerConnectionEvents } from "./NatsServerConnection.ts";
import { NatsPresence } from "./NatsPresence.ts";
import { NatsSession, type NatsSessionHost } from "./NatsSession.ts";
import { findExcessPermission, isPermissionProbe } from "./permissionProbes.ts";

/** The least that a server must take in one message; bytes. */
const leastPayload = 4096;

/** How a service connects to NATS. */
export interface NatsBusOptions {
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly config: NatsConfig;
  /** How often it tells the others that it is there; milliseconds. The same for all services. */
  readonly heartbeatMs: number;
  /** How long one attempt to connect may take; milliseconds. Default: 5000. */
  readonly attemptMs?: number;
  readonly logger: Logger;
  /** Called when a server was found that must not be used, or cannot be: `NATS_UNUSABLE`. The bus is closed then. */
  readonly onFatal: (error: PeekError) => void;
  /** Says in words what a failure to connect means. Default: the error's own message. */
  readonly explain?: (error: Error) => string | undefined;
}

/** What a server has not allowed. */
interface Complaints {
  /** The subjects of what is tried only to see that it is not. */
  readonly denied: Set<string>;
  /** The first of all else. */
  other: PeekError | undefined;
}

/** A bus that goes through NATS servers. It connects by itself, again and again. See natsSubjects.ts for what it sends. */
export class NatsBus implements Bus {
  readonly self: PeerIdentity;
  readonly maxMessageBytes = maxMessageBytes;
  readonly #options: NatsBusOptions;
  readonly #connector: NatsConnector;
  readonly #host: NatsSessionHost;
  readonly #roster = new NatsPresence((change) => this.#presenceListeners.tell(change));
  readonly #stateListeners = new Listeners<BusState>();
  readonly #presenceListeners = new Listeners<PresenceChange>();
  readonly #goneListeners = new Listeners<string>();
  readonly #invalid: RefusalLog;
  readonly #ending = new AbortController();
  #receiver: ((from: PeerIdentity, text: string) => void) | undefined;
  #serves: readonly string[] = [];
  #state: BusState = "connecting";
  #connections = 0;
  #link: NatsServerConnection | undefined;
  /** There is one while it is connected. */
  #session: NatsSession | undefined;

  private constructor(options: NatsBusOptions) {
    const { service, member, config, attemptMs = 5000, logger, explain } = options;
    this.#options = options;
    this.self = { service, instance: member.instance };
    this.#invalid = new RefusalLog(logger);
    const settings = parseNatsConfig(config, service);
    this.#connector = new NatsConnector({
      settings,
      name: member.instance,
      attemptMs,
      logger: member.observer === true ? undefined : logger,
      explain,
    });
    this.#host = {
      member,
      heartbeatMs: options.heartbeatMs,
      roster: this.#roster,
      serves: () => this.#serves,
      receive: (from, text) => {
        if (this.#state === "connected") this.#receiver?.(from, text);
      },
      gone: (instance) => this.#goneListeners.tell(instance),
      invalid: (kind, subject) =>
        this.#invalid.refused("NATS", kind, `${kind} is not what Peek's services send; on ${subject}`),
    };
    this.#run().catch((thrown: unknown) => this.#giveUp(asPeekError(thrown)));
  }

  /**
   * Begins to connect.
   *
   * @throws PeekError `NATS_UNUSABLE` when the configuration cannot be used.
   */
  static open(options: NatsBusOptions): NatsBus {
    return new NatsBus(options);
  }

  get state(): BusState {
    return this.#state;
  }

  get trouble(): string | undefined {
    return this.#connector.trouble;
  }

  onState(listener: (state: BusState) => void): Disposable {
    return this.#stateListeners.add(listener);
  }

  onMessage(receiver: (from: PeerIdentity, text: string) => void): void {
    this.#receiver = receiver;
  }

  async watch(service: ServiceName): Promise<void> {
    if (this.#state === "closed") return;
    if (this.#roster.watches(service)) {
      if (this.#session !== undefined) await this.#roster.known(service);
      return;
    }
    this.#roster.add(service);
    await this.#session?.watch(service);
  }

  peers(service: ServiceName): readonly Peer[] {
    return this.#roster.peers(service);
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

  send(to: PeerIdentity, text: string): void {
    const session = this.#session;
    if (session === undefined) throw this.#state === "closed" ? closed(this.self) : disconnected(this.self);
    checkMessage(text, maxMessageBytes);
    session.send(to, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return;
    const session = this.#session;
    this.#session = undefined;
    this.#state = "closed";
    const closing = session?.close();
    this.#ending.abort();
    this.#roster.clear();
    this.#stateListeners.tell("closed");
    for (const listeners of [this.#stateListeners, this.#presenceListeners, this.#goneListeners]) listeners.clear();
    await (closing ?? this.#link?.close());
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const complaints: Complaints = { denied: new Set(), other: undefined };
      const link = await this.#connector.connect(this.#eventsOf(complaints), signal);
      if (link === undefined) return;
      this.#link = link;
      const reason = await this.#use(link, complaints);
      this.#link = undefined;
      if (!signal.aborted) await this.#connector.lost(reason, signal);
    }
  }

  #eventsOf(complaints: Complaints): NatsServerConnectionEvents {
    return {
      onViolation: ({ operation, subject }) => {
        if (isPermissionProbe(subject)) {
          complaints.denied.add(subject);
          return;
        }
        complaints.other ??= this.#tooStrict(operation, subject);
        // Its permissions have been changed. Before, it is seen to when the connection is about to be used.
        if (this.#session !== undefined) this.#link?.end(complaints.other.message);
      },
      onFault: (thrown) =>
        this.#options.logger.error({ err: thrown }, "A message was not dealt with: %s", messageOf(thrown)),
    };
  }

  /** @returns Why the link has ended. */
  async #use(link: NatsServerConnection, complaints: Complaints): Promise<string> {
    const { service, instance } = this.self;
    this.#connections += 1;
    const session = new NatsSession(link, { service, instance, connection: this.#connections }, this.#host);
    const trouble = await this.#prepare(link, session, complaints);
    if (trouble !== undefined && link.isOpen) return await this.#fail(link, trouble);
    if (!link.isOpen) {
      this.#roster.clear();
      return await link.ended;
    }
    this.#begin(session);
    const reason = await link.ended;
    session.end();
    this.#end(session);
    return reason;
  }

  /** @returns Why the server must not be used, or cannot be. */
  async #prepare(
    link: NatsServerConnection,
    session: NatsSession,
    complaints: Complaints,
  ): Promise<PeekError | undefined> {
    if (!link.tellsOfNobody || link.maxPayload < leastPayload) {
      return unusable(
        `The NATS server is too old, or takes only tiny messages. Use version 2.2 or later, with a max_payload of at least ${leastPayload} bytes.`,
      );
    }
    session.listen();
    const lax = await findExcessPermission(link, this.self.service, complaints.denied);
    if (lax !== undefined) return this.#tooLax(lax);
    if (complaints.other === undefined) await session.callAll();
    return complaints.other;
  }

  #begin(session: NatsSession): void {
    this.#session = session;
    this.#state = "connected";
    session.begin();
    this.#connector.connected();
    this.#stateListeners.tell("connected");
  }

  #end(session: NatsSession): void {
    // Disposed, or by a listener of what has just been told.
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#state = "connecting";
    this.#roster.clear();
    this.#stateListeners.tell("connecting");
  }

  async #fail(link: NatsServerConnection, error: PeekError): Promise<string> {
    await link.close();
    await this.#giveUp(error);
    return error.message;
  }

  async #giveUp(error: PeekError): Promise<void> {
    if (this.#ending.signal.aborted) return;
    const link = this.#link;
    try {
      await this[Symbol.asyncDispose]();
    } catch (thrown) {
      this.#options.logger.error({ err: thrown }, "The connection to NATS was not closed as it should: %s", thrown);
      await link?.close();
    }
    this.#options.onFatal(error);
  }

  #tooLax(what: string): PeekError {
    return unusable(
      `The NATS server lets ${this.self.service} ${what}, so that no service could trust another. Put what \`peek nats permissions\` prints into its configuration.`,
    );
  }

  #tooStrict(operation: string, subject: string): PeekError {
    const what = operation === "publish" ? "publish to" : "subscribe to";
    return unusable(
      `The NATS server does not let ${this.self.service} ${what} ${subject}. Put what \`peek nats permissions\` prints into its configuration.`,
    );
  }
}

function asPeekError(thrown: unknown): PeekError {
  if (PeekError.is(thrown)) return thrown;
  return new PeekError("INTERNAL", `The connection to NATS has failed: ${messageOf(thrown)}`, { cause: thrown });
}
