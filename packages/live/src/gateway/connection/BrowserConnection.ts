import { messageOf, PeekError } from "@peek/errors";
import { lingeringClose, type LingerLimits } from "@peek/kit";
import { TupleSelector } from "@peek/plugin-base/contracts";
import { type ClientMessage, closeCodes, type PushedActionMessage, type Staleness } from "@peek/live-protocol";
import type { Duplex } from "node:stream";
import type { RawData } from "ws";
import { Subscription, type SubscriptionOwner } from "../channels/Subscription.ts";
import { SubscriptionSet } from "../channels/SubscriptionSet.ts";
import { Frame } from "../frames/Frame.ts";
import { FrameWriter, type FrameWriterOwner } from "../frames/FrameWriter.ts";
import type { GatewaySession } from "../GatewaySession.ts";
import type { ActionOutcome } from "../../rpc/ActionsRpc.ts";
import type { BrowserSocket, SocketListener } from "./BrowserSocket.ts";
import type { ConnectionContext } from "./ConnectionContext.ts";
import { InboundLimit } from "./InboundLimit.ts";
import { LivenessCheck, ticksPerBeat, ticksPerPulse } from "./LivenessCheck.ts";
import { frameInvalid, readClientMessage } from "./readClientMessage.ts";
import { beatFrame, helloFrame, pulseFrame, upstreamFrame } from "./statusFrames.ts";

/**
 * How long the browser may take to read why it was closed, and how much it may send until then: a program that sends without a
 * pause reads late.
 */
const linger: LingerLimits = { maxMs: 5000, maxBytes: 64 * 1024 * 1024 };
const maxSubscriptions = 1000;
const maxActions = 64;
const tooManyActions: ActionOutcome = {
  kind: "retry",
  code: "CLIENT_OVERLOAD",
  msg: `A browser may have ${maxActions} actions under way.`,
  afterMs: 1000,
};
/** How many questions and actions may be pending: also those of subscriptions that have ended. */
const maxPending = 1100;
const maxInvalidMessages = 20;
/** While more bytes of replies wait, nothing is read from the browser. */
const maxReplyBytes = 64 * 1024;
/** How many characters of an error message are sent. */
const maxErrorLength = 500;

/** One browser's connection: its subscriptions and its actions. */
export class BrowserConnection implements SubscriptionOwner, FrameWriterOwner, SocketListener {
  readonly writer: FrameWriter;
  readonly session: GatewaySession;
  readonly #ws: BrowserSocket;
  readonly #socket: Duplex;
  readonly #context: ConnectionContext;
  readonly #onClosed: (connection: BrowserConnection) => void;
  readonly #subscriptions = new SubscriptionSet();
  readonly #inbound: InboundLimit;
  readonly #liveness: LivenessCheck;
  /** Ends the tasks of this connection; there is one while some are pending. */
  #ending: AbortController | undefined;
  #pending = 0;
  #actions = 0;
  #invalidMessages = 0;
  #isClosing = false;
  #isPaused = false;
  /** The staleness of logic that the browser was last notified of. */
  #sentStaleness: Staleness | undefined;

  /**
   * @param socket The TCP or TLS socket below the WebSocket.
   * @param onClosed Called when the connection is closed.
   */
  constructor(
    ws: BrowserSocket,
    socket: Duplex,
    session: GatewaySession,
    context: ConnectionContext,
    onClosed: (connection: BrowserConnection) => void,
  ) {
    this.#ws = ws;
    this.#socket = socket;
    this.session = session;
    this.#context = context;
    this.#onClosed = onClosed;
    this.#inbound = new InboundLimit(socket);
    this.#liveness = new LivenessCheck(socket);
    this.writer = new FrameWriter(ws, socket, this, context.memory);
    ws.listen(this);
    session.ended.addEventListener("abort", this);
    this.#sentStaleness = context.logic.staleness;
    const { beatMs } = context;
    const pulseMs = (beatMs * ticksPerPulse) / ticksPerBeat;
    this.writer.reply(helloFrame(session, { beatMs, pulseMs }, this.#sentStaleness));
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  get laggingCount(): number {
    return this.#subscriptions.laggingCount;
  }

  /** How many actions are being executed. */
  get actionCount(): number {
    return this.#actions;
  }

  /** The session has ended. */
  handleEvent(): void {
    const reason: unknown = this.session.ended.reason;
    const isChanged = PeekError.is(reason) && reason.code === "SESSION_CHANGED";
    if (isChanged) this.close(closeCodes.goAway, "The user has changed.");
    else this.close(closeCodes.sessionEnded, "The session has ended.");
  }

  /** Notifies the browser whether logic is reached, if that has changed. */
  sendUpstream(): void {
    const { staleness } = this.#context.logic;
    // When the writer is free again, the browser is sent the state of that time.
    if (staleness === this.#sentStaleness || !this.writer.isFree) return;
    this.#sentStaleness = staleness;
    this.writer.reply(upstreamFrame(staleness));
    if (staleness !== undefined) return;
    // A browser shows a channel as live only after a confirmation.
    this.#subscriptions.confirm();
  }

  onWriterFree(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#ws.resume();
    }
    this.sendUpstream();
    this.#subscriptions.catchUp(this.writer);
  }

  onEvicted(): void {
    this.#log("was closed", "it reads slowly, and the memory for large frames is used up");
    this.close(closeCodes.stalled, "The browser reads slowly, and the memory for large frames is used up.");
  }

  lag(subscription: Subscription): void {
    if (!this.#isClosing) this.#subscriptions.lag(subscription);
  }

  refuse(subscription: Subscription, code: string, message: string): void {
    if (subscription.isOver) return;
    this.#subscriptions.end(subscription);
    this.#sendOff(subscription.id, code, message);
  }

  readmit(subscription: Subscription): void {
    this.#run((signal) => this.#context.admission.admit(subscription, signal));
  }

  /** To be called ten times in a heartbeat: checks whether the browser is there, and reads. */
  tick(): void {
    if (this.#isClosing) return;
    if (!this.#inbound.tick()) return this.#closeForOverload();
    const state = this.#liveness.tick(this.writer);
    if (state === "gone") this.terminate();
    else if (state === "stuck") {
      this.#log("was closed", "it does not read");
      this.close(closeCodes.stalled, "The browser does not read.");
    } else if (state === "ask") this.#sendSign(beatFrame);
    else if (this.writer.tick() >= ticksPerPulse) this.#sendSign(pulseFrame);
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#endAll();
    this.#ws.close(code, reason);
    lingeringClose(this.#socket, linger);
  }

  /** Cuts the connection now. */
  terminate(): void {
    this.#endAll();
    this.#ws.terminate();
  }

  onPing(): void {
    this.#isWithinLimit();
  }

  onPong(data: Buffer): void {
    // Answers to the writer's own pings are as many as it has sent.
    if (!this.writer.takePong(data)) this.#isWithinLimit();
  }

  onError(error: Error): void {
    this.#log("violated the WebSocket protocol", error.message);
    if (this.#isClosing) return;
    // ws has sent a close frame.
    this.#endAll();
    lingeringClose(this.#socket, linger);
  }

  onClosed(): void {
    this.#endAll();
    this.#onClosed(this);
  }

  onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return;
    try {
      if (isBinary || !Buffer.isBuffer(data)) throw frameInvalid("a frame must be text");
      if (!this.#isWithinLimit()) return;
      this.#handle(readClientMessage(data.toString()));
    } catch (error) {
      this.#onInvalid(error);
    }
  }

  #isWithinLimit(): boolean {
    if (this.#isClosing || this.#inbound.take()) return true;
    this.#closeForOverload();
    return false;
  }

  #closeForOverload(): void {
    const message = "The browser sends more than it may. The connection was closed.";
    this.#reply({ t: "err", code: "CLIENT_OVERLOAD", msg: message });
    this.#log("was closed", "it sends more than it may");
    this.close(closeCodes.misbehaved, message);
  }

  #handle(message: ClientMessage): void {
    switch (message.t) {
      case "sub":
        return this.#subscribe(message);
      case "unsub": {
        const subscription = this.#subscriptions.find(message.id);
        if (subscription !== undefined) this.#subscriptions.end(subscription);
        return;
      }
      case "act":
        return this.#push(message.id, message.act);
      case "probe":
        // The state that the browser has before the answer has to be right, also when no tick has looked at it for a while.
        this.sendUpstream();
        return this.#reply({ t: "pulse", n: message.n });
      case "beat":
    }
  }

  #onInvalid(thrown: unknown): void {
    const isKnown = PeekError.is(thrown);
    const code = isKnown ? thrown.code : "INTERNAL";
    const message = isKnown ? thrown.message : "Failed to handle the message.";
    this.#reply({ t: "err", code, msg: message.slice(0, maxErrorLength) });
    this.#log("sent an invalid message", messageOf(thrown));
    this.#invalidMessages += 1;
    if (this.#invalidMessages > maxInvalidMessages) this.close(closeCodes.misbehaved, "Too many invalid messages.");
  }

  #subscribe({ id, sel, at }: ClientMessage & { readonly t: "sub" }): void {
    if (this.#subscriptions.find(id) !== undefined)
      throw frameInvalid("the number of a subscription must not be used twice");
    if (this.#subscriptions.size >= maxSubscriptions || this.#pending >= maxPending) {
      const message = `A browser may have ${maxSubscriptions} subscriptions. End some first.`;
      return this.#sendOff(id, "SUBSCRIPTION_LIMIT", message);
    }
    let selector: TupleSelector;
    try {
      selector = TupleSelector.parse(sel);
    } catch (error) {
      return this.#sendOff(id, "DATA_INVALID", messageOf(error));
    }
    const subscription = new Subscription(id, this, selector, at);
    this.#subscriptions.add(subscription);
    if (!this.#context.admission.tryAdmit(subscription)) this.readmit(subscription);
  }

  /** Has an action executed. It is answered once, unless the browser has gone. */
  #push(id: number, action: PushedActionMessage): void {
    const { actions } = this.#context;
    const refusal = actions.refusalOf(action) ?? (this.#actions >= maxActions ? tooManyActions : undefined);
    if (refusal !== undefined) return this.#reply({ t: "res", id, out: refusal });
    const scopes = this.#subscriptions.scopesOf(action.watch);
    this.#actions += 1;
    this.#run(async (signal) => {
      const outcome = await actions.execute(action, this.session, scopes, signal);
      this.#actions -= 1;
      this.#reply({ t: "res", id, out: outcome });
    });
  }

  /** Runs a task that ends with the connection. */
  #run(task: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = (this.#ending ??= new AbortController());
    this.#pending += 1;
    this.#context.tasks.run(async () => {
      try {
        await task(signal);
      } catch (error) {
        if (!signal.aborted) this.#onInvalid(error);
      }
      this.#pending -= 1;
      if (this.#pending === 0) this.#ending = undefined;
    });
  }

  #sendSign(frame: Frame): void {
    this.sendUpstream();
    // A browser that has something to read needs no sign.
    if (this.writer.takesReplies) this.writer.reply(frame);
  }

  #sendOff(id: number, code: string, message: string): void {
    this.#reply({ t: "off", id, code, msg: message.slice(0, maxErrorLength) });
  }

  #reply(message: object): void {
    if (this.#isClosing) return;
    this.writer.reply(Frame.ofJson(message));
    if (this.#isPaused || this.writer.replyBytes <= maxReplyBytes) return;
    this.#isPaused = true;
    this.#ws.pause();
  }

  /** From here on, nothing is sent, and messages are ignored. */
  #endAll(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.session.ended.removeEventListener("abort", this);
    this.#subscriptions.endAll();
    this.#ending?.abort();
    this.writer.close();
  }

  /** Logs an event that an administrator should know of, once a minute for all browsers. */
  #log(event: string, detail: string): void {
    const { logger, logThrottle } = this.#context;
    const suppressed = logThrottle.count(event);
    if (suppressed !== undefined) {
      logger.info("A browser of %s %s: %s%s", this.session.user.name, event, detail, suppressed);
    }
  }
}
