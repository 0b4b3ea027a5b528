import { messageOf, PeekError } from "@peek/errors";
import { TupleSelector } from "@peek/plugin-base/contracts";
import type { Duplex } from "node:stream";
import type { RawData } from "ws";
import type { ActionOutcome } from "../rpc/ActionsRpc.ts";
import { type ClientMessage, closeCodes, type Staleness } from "@peek/live-protocol";
import type { Pusher } from "./ActionDesk.ts";
import type { BrowserSocket, SocketListener } from "./BrowserSocket.ts";
import type { ConnectionContext } from "./ConnectionContext.ts";
import { Errands } from "./Errands.ts";
import { Frame } from "./Frame.ts";
import type { GatewaySession } from "./GatewaySession.ts";
import { Outlet, type OutletOwner } from "./Outlet.ts";
import { frameInvalid, readClientMessage } from "./readClientMessage.ts";
import { InboundRate } from "./InboundRate.ts";
import { scopesOf } from "./scopesOf.ts";
import { beatFrame, helloFrame, pulseFrame, upstreamFrame } from "./signFrames.ts";
import { type Subscriber, Subscription } from "./Subscription.ts";
import { ticksPerBeat, ticksPerPulse, Vigil } from "./Vigil.ts";

/** So long it may take to close in order. */
const maxClosingTicks = 5;
const maxSubscriptions = 1000;
/** How much may be under way for it: who ends what he has begun makes no room before that is over. */
const maxUnderWay = 1100;
const maxComplaints = 20;
/** More replies than this may not wait: it is not listened to until it has taken them; bytes. */
const maxReplyBytes = 64 * 1024;
/** What is said of an error; characters. */
const maxText = 500;

/** One browser's connection: what it watches, and what it does. */
export class BrowserConnection implements Subscriber, OutletOwner, SocketListener, Pusher {
  readonly outlet: Outlet;
  readonly session: GatewaySession;
  actions = 0;
  readonly #ws: BrowserSocket;
  readonly #context: ConnectionContext;
  /** Most often one or two, which a list takes a third of the memory for that a map would; copied with each change. */
  #subscriptions: readonly Subscription[] = [];
  /** Those that are behind, in the order in which they have their turn. */
  #lagging: Set<Subscription> | undefined;
  readonly #rate: InboundRate;
  readonly #vigil: Vigil;
  /** There are some while something is under way. */
  #errands: Errands | undefined;
  #complaints = 0;
  #closingTicks = 0;
  #isClosing = false;
  #isPaused = false;
  /** What it was told about logic last. */
  #toldUpstream: Staleness | undefined;

  /** @param socket What is below the WebSocket. */
  constructor(ws: BrowserSocket, socket: Duplex, session: GatewaySession, context: ConnectionContext) {
    this.#ws = ws;
    this.session = session;
    this.#context = context;
    this.#rate = new InboundRate(socket);
    this.#vigil = new Vigil(socket);
    this.outlet = new Outlet(ws, socket, this, context.frames);
    ws.listen(this);
    session.ended.addEventListener("abort", this);
    this.#toldUpstream = context.source.staleness;
    const { beatMs } = context;
    const pulseMs = (beatMs * ticksPerPulse) / ticksPerBeat;
    this.outlet.reply(helloFrame(session, { beatMs, pulseMs }, this.#toldUpstream));
  }

  get subscriptionCount(): number {
    return this.#subscriptions.length;
  }

  get laggingCount(): number {
    return this.#lagging?.size ?? 0;
  }

  /** The session has ended. */
  handleEvent(): void {
    const reason: unknown = this.session.ended.reason;
    const isChanged = PeekError.is(reason) && reason.code === "SESSION_CHANGED";
    if (isChanged) this.close(closeCodes.goAway, "The user has changed.");
    else this.close(closeCodes.sessionEnded, "The session has ended.");
  }

  /** Tells whether it is known how things are on logic, if that is news. */
  upstream(): void {
    const { staleness } = this.#context.source;
    // Otherwise it is told what is so by then.
    if (staleness === this.#toldUpstream || !this.outlet.isFree) return;
    this.#toldUpstream = staleness;
    this.outlet.reply(upstreamFrame(staleness));
    if (staleness !== undefined) return;
    // Each is live only when that is said of it.
    for (const each of this.#subscriptions) each.confirm();
  }

  onOutletFree(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#ws.resume();
    }
    this.upstream();
    const lagging = this.#lagging;
    if (lagging === undefined) return;
    for (const each of lagging) {
      if (!this.outlet.isFree) return;
      lagging.delete(each);
      each.bring();
    }
    if (lagging.size === 0) this.#lagging = undefined;
  }

  onOutletCut(): void {
    this.note("was closed", "it is slow, and there is no room for what others are sent");
    this.close(closeCodes.stalled, "The browser is slow, and there is no room for what others are sent.");
  }

  lag(subscription: Subscription): void {
    if (!this.#isClosing) (this.#lagging ??= new Set()).add(subscription);
  }

  refuse(subscription: Subscription, code: string, message: string): void {
    if (subscription.isOver) return;
    this.#end(subscription);
    this.#off(subscription.id, code, message);
  }

  readmit(subscription: Subscription): void {
    this.#context.watches.readmit(subscription);
  }

  /** To be called ten times in a beat: looks whether the other end is there, and takes what is sent. */
  tick(): void {
    if (this.#isClosing) {
      this.#closingTicks += 1;
      if (this.#closingTicks > maxClosingTicks || !this.#rate.tick()) this.#ws.terminate();
      return;
    }
    if (!this.#rate.tick()) return this.#overrun();
    const state = this.#vigil.tick(this.outlet.isBusy, this.#context.queues);
    if (state === "gone") this.terminate();
    else if (state === "stuck") {
      this.note("was closed", "it takes nothing of what is sent to it");
      this.close(closeCodes.stalled, "The browser takes nothing of what is sent to it.");
    } else if (state === "ask") this.#sign(beatFrame);
    else if (this.outlet.tick() >= ticksPerPulse) this.#sign(pulseFrame);
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#endAll();
    this.#ws.close(code, reason);
  }

  /** Ends it now, whatever the other end does. */
  terminate(): void {
    this.#endAll();
    this.#ws.terminate();
  }

  onSign(): void {
    this.#isWithinRate();
  }

  onError(error: Error): void {
    this.note("broke the protocol", error.message);
  }

  onClosed(): void {
    this.#endAll();
    this.#context.onClosed(this);
  }

  onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing) return;
    try {
      if (isBinary || !Buffer.isBuffer(data)) throw frameInvalid("a frame must be text");
      if (!this.#isWithinRate()) return;
      this.#take(readClientMessage(data.toString()));
    } catch (error) {
      this.#complain(error);
    }
  }

  #isWithinRate(): boolean {
    if (this.#isClosing || this.#rate.take()) return true;
    this.#overrun();
    return false;
  }

  #overrun(): void {
    const message = "The browser sends more than it may. It was cut off.";
    this.#reply({ t: "err", code: "CLIENT_OVERLOAD", msg: message });
    this.note("was closed", "it sends more than it may");
    this.close(closeCodes.misbehaved, message);
  }

  #take(message: ClientMessage): void {
    if (message.t === "sub") this.#subscribe(message);
    else if (message.t === "probe") {
      // What is said before the answer has to be so, also when nothing could be looked at for a while.
      this.upstream();
      this.#reply({ t: "pulse", n: message.n });
    } else if (message.t === "act") this.#context.actions.push(this, message.id, message.act);
    else if (message.t === "unsub") {
      const subscription = this.#find(message.id);
      if (subscription !== undefined) this.#end(subscription);
    }
  }

  #complain(thrown: unknown): void {
    const isKnown = PeekError.is(thrown);
    const code = isKnown ? thrown.code : "INTERNAL";
    const message = isKnown ? thrown.message : "The message could not be handled.";
    this.#reply({ t: "err", code, msg: message.slice(0, maxText) });
    this.note("sent what was not understood", messageOf(thrown));
    this.#complaints += 1;
    if (this.#complaints > maxComplaints) this.close(closeCodes.misbehaved, "Too much was no message of Peek's.");
  }

  #subscribe({ id, sel, at }: ClientMessage & { readonly t: "sub" }): void {
    if (this.#find(id) !== undefined) throw frameInvalid("a number of a subscription must be used once");
    if (this.#subscriptions.length >= maxSubscriptions || (this.#errands?.count ?? 0) >= maxUnderWay) {
      return this.#off(
        id,
        "SUBSCRIPTION_LIMIT",
        `A browser may have ${maxSubscriptions} subscriptions. End some first.`,
      );
    }
    let selector: TupleSelector;
    try {
      selector = TupleSelector.parse(sel);
    } catch (error) {
      return this.#off(id, "DATA_INVALID", messageOf(error));
    }
    const subscription = new Subscription(id, this, at);
    // Not by spreading, which keeps room for more.
    this.#subscriptions = this.#subscriptions.concat(subscription);
    this.#context.watches.begin(subscription, selector);
  }

  #sign(frame: Frame): void {
    this.upstream();
    // Who has something to read hears enough.
    if (this.outlet.takesReplies) this.outlet.reply(frame);
  }

  #find(id: number): Subscription | undefined {
    return this.#subscriptions.find((each) => each.id === id);
  }

  scopesOf(canonical: readonly string[]): ReadonlyMap<string, string> {
    return scopesOf(this.#subscriptions, canonical);
  }

  run(work: (signal: AbortSignal) => Promise<void>): void {
    const errands = (this.#errands ??= new Errands());
    this.#context.tasks.run(async () => {
      await errands.run(work, (error) => this.#complain(error));
      if (errands.count === 0) this.#errands = undefined;
    });
  }

  result(id: number, out: ActionOutcome): void {
    this.#reply({ t: "res", id, out });
  }

  #off(id: number, code: string, message: string): void {
    this.#reply({ t: "off", id, code, msg: message.slice(0, maxText) });
  }

  #reply(message: object): void {
    if (this.#isClosing) return;
    this.outlet.reply(Frame.ofJson(message));
    if (this.#isPaused || this.outlet.replyBytes <= maxReplyBytes) return;
    this.#isPaused = true;
    this.#ws.pause();
  }

  #end(subscription: Subscription): void {
    this.#subscriptions = this.#subscriptions.filter((each) => each !== subscription);
    this.#lagging?.delete(subscription);
    subscription.end();
    this.#context.watches.leave(subscription);
  }

  /** From here on, nothing more is sent, nor listened to. */
  #endAll(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.session.ended.removeEventListener("abort", this);
    const all = this.#subscriptions;
    this.#subscriptions = [];
    for (const each of all) this.#end(each);
    this.#errands?.abort();
    this.outlet.close();
    // What it says is not read any more; that it closes has to be.
    if (this.#isPaused) this.#ws.resume();
  }

  /** Writes to the log what a browser does wrong, or suffers: once a minute for all of them. */
  note(what: string, detail: string): void {
    const { logger, rateLimit } = this.#context;
    const more = rateLimit.count(what);
    if (more !== undefined) logger.info("A browser of %s %s: %s%s", this.session.user.name, what, detail, more);
  }
}
