import { messageOf } from "@peek/errors";
import type { Logger, PeerIdentity, PluginDisposables, PluginVortex, PresenceChange } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import { PayloadRouter } from "../payloads/PayloadRouter.ts";
import { PayloadSender } from "../payloads/PayloadSender.ts";
import { PresenceView } from "../presence/PresenceView.ts";
import { TimingWheel } from "../rpc/TimingWheel.ts";
import { Frame } from "../rpc/frames.ts";
import { type CaptureContext, captureContext } from "../rpc/handlerContext.ts";
import { ControlMessages } from "../rpc/ControlMessages.ts";
import { PeerDirectory } from "../rpc/PeerDirectory.ts";
import type { PeerRecord } from "../rpc/PeerRecord.ts";
import { PeerRecords } from "../rpc/PeerRecords.ts";
import { LogThrottle } from "@peek/kit";
import { RpcCaller } from "../rpc/RpcCaller.ts";
import { RpcServer } from "../rpc/RpcServer.ts";
import { PluginScopes } from "./PluginScopes.ts";
import { PendingSendLog } from "../rpc/PendingSendLog.ts";
import { ScopedVortex } from "./ScopedVortex.ts";
import type { VortexStatistics } from "./VortexStatistics.ts";

/** What a {@link Vortex} is made of. */
export interface VortexOptions {
  /** It takes all that arrives there. It is disposed by whoever made it, after this. */
  readonly bus: Bus;
  /** What the bus was told of this process. */
  readonly member: BusMember;
  readonly logger: Logger;
  /** How code of a plugin is tied to it. Default: by the async context. */
  readonly capture?: CaptureContext;
}

/** What plugins do by a bus: RPC, payloads, presence. One for each process of a service. */
export class Vortex implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #capture: CaptureContext;
  readonly #records = new PeerRecords();
  readonly #deadlines = new TimingWheel();
  readonly #rateLimit = new LogThrottle();
  readonly #router = new PayloadRouter(this.#deadlines);
  readonly #directory: PeerDirectory;
  readonly #caller: RpcCaller;
  readonly #server: RpcServer;
  readonly #sender: PayloadSender;
  readonly #view: PresenceView;
  readonly #listeners = new DisposableStack();
  #invalid = 0;
  #closing: Promise<void> | undefined;

  constructor({ bus, member, logger, capture = captureContext }: VortexOptions) {
    this.#logger = logger;
    this.#capture = capture;
    const pendingSendLog = new PendingSendLog(this.#deadlines, this.#rateLimit, logger);
    this.#directory = new PeerDirectory(bus, this.#deadlines, pendingSendLog, () => this.#view.refresh());
    const notices = new ControlMessages(bus, this.#deadlines);
    this.#caller = new RpcCaller(bus, this.#records, this.#directory, this.#deadlines, notices);
    this.#server = new RpcServer(bus, this.#records, this.#deadlines, notices);
    this.#sender = new PayloadSender(bus, this.#directory);
    this.#view = new PresenceView({ bus, directory: this.#directory, member, serves: () => this.#server.serves });
    bus.onMessage((from, text) => this.#receive(from, text));
    this.#listeners.use(bus.onState(() => this.#onState()));
    this.#listeners.use(bus.onPresence((change) => this.#onPresence(change)));
    this.#listeners.use(bus.onGone((instance) => this.#onGone(instance)));
  }

  /**
   * What a plugin has of Vortex.
   *
   * @param plugin Its name; what it serves has to begin with that.
   * @param disposables The stack of its present phase. What the plugin acquires is released with the phase in which it did.
   * @param logger Where the errors of its handlers go.
   */
  forPlugin(plugin: string, disposables: () => PluginDisposables, logger: Logger): PluginVortex {
    const scopes = new PluginScopes(plugin, disposables, (scope) => this.#caller.release(scope));
    return new ScopedVortex({
      plugin,
      scopes,
      logger,
      caller: this.#caller,
      server: this.#server,
      router: this.#router,
      sender: this.#sender,
      view: this.#view,
      logThrottle: this.#rateLimit,
      capture: this.#capture,
    });
  }

  /** What is going on now. */
  statistics(): VortexStatistics {
    const records = [...this.#records.all()];
    const outgoing = records.flatMap((record) => [...record.outgoing.values()]);
    const incoming = records.flatMap((record) => [...record.incoming.values()]);
    const contracts = [...this.#server.contracts];
    return {
      pending: outgoing.length,
      waiting: this.#directory.waiting,
      running: contracts.reduce((sum, { running }) => sum + running, 0),
      queued: contracts.reduce((sum, { queued }) => sum + queued, 0),
      streamsIn: outgoing.filter(({ procedure }) => procedure.isStream).length,
      streamsOut: incoming.filter(({ procedure }) => procedure.isStream).length,
      deadlines: this.#deadlines.size,
      contracts: contracts.length,
      endpoints: this.#router.size,
      presenceFeeds: this.#view.feeds,
      invalidTexts: this.#invalid,
    };
  }

  /** Gives up what is under way, and waits for the handlers that run. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#view.close();
    this.#caller.close();
    await Promise.all([this.#server.close(), this.#router.close()]);
    this.#listeners.dispose();
    this.#deadlines[Symbol.dispose]();
  }

  /** Takes a text. Nothing that a peer sends is let out of here as an error. */
  #receive(from: PeerIdentity, text: string): void {
    try {
      if (!this.#dispatch(this.#records.of(from), text)) this.#logInvalid(from, "a text that was not understood");
    } catch (error) {
      this.#logInvalid(from, `a text that led to an error: ${messageOf(error)}`, error);
    }
  }

  #dispatch(peer: PeerRecord, text: string): boolean {
    switch (text.charCodeAt(0)) {
      case Frame.call:
        return this.#server.onCall(peer, text);
      case Frame.result:
        return this.#caller.onResult(peer, text);
      case Frame.error:
        return this.#caller.onError(peer, text);
      case Frame.cancel:
        return this.#server.onCancel(peer, text);
      case Frame.item:
        return this.#caller.onItem(peer, text);
      case Frame.end:
        return this.#caller.onEnd(peer, text);
      case Frame.taken:
        return this.#server.onTaken(peer, text);
      case Frame.payload:
        return this.#router.onPayload(peer.identity, text);
      default:
        return false;
    }
  }

  #logInvalid(from: PeerIdentity, what: string, error?: unknown): void {
    this.#invalid += 1;
    const suppressed = this.#rateLimit.count(`invalid ${from.instance}`);
    if (suppressed === undefined) return;
    const facts = { code: "VORTEX_FRAME_INVALID", ...(error !== undefined && { err: error }) };
    this.#logger.warning(
      facts,
      "%s of the %s service has sent %s; it was dropped%s",
      from.instance,
      from.service,
      what,
      suppressed,
    );
  }

  #onState(): void {
    if (!this.#directory.isConnected) {
      for (const { identity } of [...this.#records.all()]) this.#onGone(identity.instance);
    }
    this.#directory.stateChanged();
    this.#view.refresh();
  }

  #onPresence(change: PresenceChange): void {
    if (change.kind === "left") this.#onGone(change.peer.instance);
    this.#directory.changed(change);
    this.#view.onChange(change);
  }

  #onGone(instance: string): void {
    const record = this.#records.remove(instance);
    if (record === undefined) return;
    this.#caller.onGone(record);
    this.#server.abandon(record, "PEER_GONE");
  }
}
