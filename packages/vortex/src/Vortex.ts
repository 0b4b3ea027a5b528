import type { Bus, BusMember } from "@peek/bus";
import { messageOf } from "@peek/errors";
import {
  type CaptureContext,
  captureContext,
  LogThrottle,
  PluginScopes,
  PluginSuspensions,
  settledOrAborted,
} from "@peek/kit";
import type { Logger, PeerIdentity, PluginDisposables, PluginVortex, PresenceChange } from "@peek/plugin-base";
import { PayloadRouter } from "./payloads/PayloadRouter.ts";
import { PayloadSender } from "./payloads/PayloadSender.ts";
import { PresenceView } from "./presence/PresenceView.ts";
import { ControlMessages } from "./rpc/ControlMessages.ts";
import { FrameKind } from "./rpc/frames.ts";
import { OutgoingCalls } from "./rpc/OutgoingCalls.ts";
import { PeerDirectory } from "./rpc/PeerDirectory.ts";
import { type PeerRecord, PeerRecords } from "./rpc/PeerRecords.ts";
import { PendingSendLog } from "./rpc/PendingSendLog.ts";
import { RpcClients } from "./rpc/RpcClients.ts";
import { RpcServer } from "./rpc/RpcServer.ts";
import { TimingWheel } from "./rpc/TimingWheel.ts";
import { ScopedVortex } from "./scope/ScopedVortex.ts";
import type { VortexStatistics } from "./VortexStatistics.ts";

/** How a {@link Vortex} is opened. */
export interface VortexOptions {
  /** The bus, whose only receiver is this Vortex. Its creator disposes it, after the Vortex. */
  readonly bus: Bus;
  /** This process, as it introduced itself to the bus. */
  readonly member: BusMember;
  readonly logger: Logger;
  /** Attributes callbacks to the plugin that registers them. Default: by the async context. */
  readonly capture?: CaptureContext;
}

/** RPC, payloads and presence for all plugins of this process, over one bus. */
export class Vortex implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #capture: CaptureContext;
  readonly #records = new PeerRecords();
  readonly #timers = new TimingWheel();
  readonly #logThrottle = new LogThrottle();
  readonly #router = new PayloadRouter(this.#timers);
  readonly #directory: PeerDirectory;
  readonly #calls: OutgoingCalls;
  readonly #clients: RpcClients;
  readonly #server: RpcServer;
  readonly #sender: PayloadSender;
  readonly #view: PresenceView;
  readonly #suspensions = new PluginSuspensions({
    onResumed: (plugin) => {
      this.#server.resume(plugin);
      this.#router.resume(plugin);
    },
  });
  readonly #listeners = new DisposableStack();
  #invalidFrames = 0;
  #closing: Promise<void> | undefined;

  constructor({ bus, member, logger, capture = captureContext }: VortexOptions) {
    this.#logger = logger;
    this.#capture = capture;
    const pendingSendLog = new PendingSendLog(this.#timers, this.#logThrottle, logger);
    this.#directory = new PeerDirectory(bus, this.#timers, pendingSendLog, () => this.#view.refresh());
    const controlMessages = new ControlMessages(bus, this.#timers);
    this.#calls = new OutgoingCalls(bus, this.#records, this.#timers, controlMessages);
    this.#clients = new RpcClients(this.#records, this.#directory, this.#calls);
    this.#server = new RpcServer(bus, this.#records, this.#timers, controlMessages);
    this.#sender = new PayloadSender(bus, this.#directory);
    this.#view = new PresenceView({ bus, directory: this.#directory, member, serves: () => this.#server.serves });
    bus.onMessage((from, frame) => this.#receive(from, frame));
    this.#listeners.use(bus.onState(() => this.#onState()));
    this.#listeners.use(bus.onPresence((change) => this.#onPresence(change)));
    this.#listeners.use(bus.onGone((instance) => this.#onGone(instance)));
  }

  /**
   * Creates the `platform.vortex` of a plugin.
   *
   * @param plugin The plugin's name. The names of its contracts begin with it.
   * @param disposables Returns the stack of the plugin's present phase: resources are released with the phase in which they were
   *   acquired.
   * @param logger Logs the errors of the plugin's handlers.
   */
  forPlugin(plugin: string, disposables: () => PluginDisposables, logger: Logger): PluginVortex {
    const scopes = new PluginScopes(plugin, disposables, (scope) => {
      this.#directory.release(scope);
      this.#calls.release(scope);
    });
    return new ScopedVortex({
      plugin,
      scopes,
      logger,
      clients: this.#clients,
      server: this.#server,
      router: this.#router,
      sender: this.#sender,
      view: this.#view,
      logThrottle: this.#logThrottle,
      capture: this.#capture,
    });
  }

  /**
   * Suspends a plugin: from the call on, calls of its contracts wait, up to their deadlines, as do payloads for its endpoints. Its
   * streams end with `PLUGIN_UPDATING`. Its contracts stay announced, also when it withdraws them. Calls and payloads of the plugin itself
   * are not affected. Several suspensions of a plugin may overlap.
   *
   * @param signal Ends the wait for running handlers.
   * @returns Resolves when none of the plugin's handlers runs, or when the signal has fired. When the last suspension is disposed, what
   *   waits goes to the contracts and endpoints of that time; calls of others are refused with `RPC_UNKNOWN`.
   */
  async suspend(plugin: string, signal: AbortSignal): Promise<Disposable> {
    const suspension = this.#suspensions.suspend(plugin);
    await settledOrAborted(Promise.all([this.#server.hold(plugin), this.#router.hold(plugin)]), signal);
    return suspension;
  }

  /** Returns the present counts. */
  statistics(): VortexStatistics {
    const records = [...this.#records.all()];
    const outgoing = records.flatMap((record) => [...record.outgoing.values()]);
    const incoming = records.flatMap((record) => [...record.incoming.values()]);
    const contracts = [...this.#server.contracts];
    return {
      pending: outgoing.length,
      waiting: this.#directory.pendingSends,
      running: contracts.reduce((sum, { running }) => sum + running, 0),
      queued: this.#server.queued,
      streamsIn: outgoing.filter(({ procedure }) => procedure.isStream).length,
      streamsOut: incoming.filter(({ isStream }) => isStream).length,
      timers: this.#timers.size,
      contracts: contracts.length,
      endpoints: this.#router.size,
      presenceFeeds: this.#view.feeds,
      invalidFrames: this.#invalidFrames,
    };
  }

  /** Gives up all open calls, and waits for the running handlers. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#suspensions[Symbol.dispose]();
    this.#view.close();
    this.#directory.close();
    this.#calls.close();
    await Promise.all([this.#server.close(), this.#router.close()]);
    this.#listeners.dispose();
    this.#timers[Symbol.dispose]();
  }

  /** Handles a frame. No frame of a peer may cause an error to escape. */
  #receive(from: PeerIdentity, frame: string): void {
    try {
      if (!this.#dispatch(this.#records.of(from), frame)) this.#logInvalid(from, "an invalid frame");
    } catch (error) {
      this.#logInvalid(from, `a frame that caused an error: ${messageOf(error)}`, error);
    }
  }

  #dispatch(peer: PeerRecord, frame: string): boolean {
    switch (frame.charCodeAt(0)) {
      case FrameKind.call:
        return this.#server.onCall(peer, frame);
      case FrameKind.result:
        return this.#calls.onResult(peer, frame);
      case FrameKind.error:
        return this.#calls.onError(peer, frame);
      case FrameKind.cancel:
        return this.#server.onCancel(peer, frame);
      case FrameKind.item:
        return this.#calls.onItem(peer, frame);
      case FrameKind.end:
        return this.#calls.onEnd(peer, frame);
      case FrameKind.credit:
        return this.#server.onCredit(peer, frame);
      case FrameKind.payload:
        return this.#router.onPayload(peer.identity, frame);
      default:
        return false;
    }
  }

  #logInvalid(from: PeerIdentity, received: string, error?: unknown): void {
    this.#invalidFrames += 1;
    const suppressed = this.#logThrottle.count(`invalid ${from.instance}`);
    if (suppressed === undefined) return;
    const facts = { code: "VORTEX_FRAME_INVALID", ...(error !== undefined && { err: error }) };
    this.#logger.warning(
      facts,
      "%s of the %s service sent %s; it was dropped%s",
      from.instance,
      from.service,
      received,
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
    this.#directory.presenceChanged(change);
    this.#view.onChange(change);
  }

  #onGone(instance: string): void {
    const record = this.#records.remove(instance);
    if (record === undefined) return;
    this.#calls.onGone(record);
    this.#server.abandon(record, "PEER_GONE");
  }
}
