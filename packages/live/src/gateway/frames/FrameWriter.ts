import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Frame } from "./Frame.ts";
import type { FrameHolder, FrameMemoryBudget } from "./FrameMemoryBudget.ts";
import type { FrameWaiter, SharedFrame } from "./SharedFrame.ts";

/** While more bytes than this wait in the socket, nothing is added. */
const congestedBytes = 256 * 1024;
/** A longer frame is sent in fragments, so that only some of them wait in the socket. */
const wholeFrameBytes = 128 * 1024;
const fragmentBytes = 64 * 1024;

/** The connection of a {@link FrameWriter}. */
export interface FrameWriterOwner {
  /** Messages about channels can be sent again. */
  onWriterFree(): void;
  /** The browser reads too slowly, while others wait for the memory that its frames take: the connection has to be closed. */
  onEvicted(): void;
}

/**
 * Writes all frames of one browser, in order; but for control frames, which ws writes between them. Messages about channels are
 * accepted only while the writer is free: a browser that is behind catches up later, and nothing is queued for it. Replies to the
 * browser's messages are queued; there are as many as it has asked for.
 *
 * A ping follows each fragment, and each stretch of that length that is written to a congested socket. Its pong proves that the
 * browser has read everything before it.
 */
export class FrameWriter implements FrameWaiter, FrameHolder {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #owner: FrameWriterOwner;
  readonly #memory: FrameMemoryBudget;
  #replies: Frame[] | undefined;
  #replyBytes = 0;
  /** The frame that is being sent in fragments. */
  #large: Frame | undefined;
  /** How many bytes of its payload have been written. */
  #largeSent = 0;
  /** The next frame, while it is being compressed. */
  #pending: SharedFrame | undefined;
  /** The large frames that this browser holds memory for, in the order in which they are sent. */
  #held: (SharedFrame | Frame)[] | undefined;
  /** Whether there is no memory for the next frame. */
  #awaitsMemory = false;
  #idleTicks = 0;
  #listens = false;
  #pingsSent = 0;
  #pingsAnswered = 0;
  /** How many bytes were written since the last ping. */
  #unprovenBytes = 0;

  /** @param socket The TCP or TLS socket below the WebSocket. */
  constructor(ws: WebSocket, socket: Duplex, owner: FrameWriterOwner, memory: FrameMemoryBudget) {
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#memory = memory;
  }

  /** Whether a message about a channel can be sent now. If not, its owner is notified once it can. */
  get isFree(): boolean {
    return this.takesReplies && !this.#awaitsMemory;
  }

  /** Whether a reply would be sent at once. */
  get takesReplies(): boolean {
    return (
      this.#socket.writableLength <= congestedBytes &&
      this.#large === undefined &&
      this.#pending === undefined &&
      this.#replies === undefined &&
      this.#isOpen
    );
  }

  /** Whether anything waits to be sent. */
  get isBusy(): boolean {
    return (
      this.#socket.writableLength > 0 ||
      this.#large !== undefined ||
      this.#pending !== undefined ||
      this.#replies !== undefined
    );
  }

  /** How many bytes wait in the socket and for it. Frames that are shared with others do not count. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#replyBytes;
  }

  /** How many bytes of replies wait. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** How many pings the browser has answered: when it grows, the browser reads. */
  get pingsAnswered(): number {
    return this.#pingsAnswered;
  }

  /** Counts the ticks since something was written last. */
  tick(): number {
    return (this.#idleTicks += 1);
  }

  /** Takes a pong. Returns whether it answers a ping of this writer, for the first time. */
  takePong(data: Buffer): boolean {
    const ping = Number(data.toString("latin1"));
    if (!(ping > this.#pingsAnswered && ping <= this.#pingsSent)) return false;
    this.#pingsAnswered = ping;
    return true;
  }

  /** Sends a message about a channel. Returns false when that cannot be done now: its owner is notified once it can. */
  send(shared: SharedFrame): boolean {
    if (!this.isFree) return false;
    const { frame, size } = shared;
    if (size > wholeFrameBytes && !this.#hold(shared, size)) return false;
    if (frame !== undefined) this.#begin(frame);
    else {
      this.#pending = shared;
      shared.whenReady(this);
    }
    return true;
  }

  /** Sends a reply, or queues it. */
  reply(frame: Frame): void {
    if (this.takesReplies) this.#beginReply(frame);
    else if (this.#isOpen) {
      (this.#replies ??= []).push(frame);
      this.#replyBytes += frame.bytes.length;
    }
  }

  onFrameReady(frame: Frame): void {
    const shared = this.#pending;
    if (shared === undefined) return;
    this.#pending = undefined;
    if (!this.#isOpen) return;
    const { length } = frame.bytes;
    if (length > wholeFrameBytes) this.#memory.resize(shared, length);
    this.#begin(frame);
    if (length <= wholeFrameBytes) this.#release(shared);
    this.#pump();
  }

  onMemoryFree(): void {
    this.#awaitsMemory = false;
    this.#pump();
  }

  onEvicted(): void {
    this.#owner.onEvicted();
  }

  /** Discards everything that waits. */
  close(): void {
    this.#replies = undefined;
    this.#replyBytes = 0;
    this.#large = undefined;
    this.#pending = undefined;
    this.#memory.leave(this);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const each of held) this.#memory.release(each, this);
  }

  /** Takes memory for a frame. Returns false when there is none. */
  #hold(shared: SharedFrame, size: number): boolean {
    this.#awaitsMemory = !this.#memory.take(shared, size, this);
    if (!this.#awaitsMemory) (this.#held ??= []).push(shared);
    return !this.#awaitsMemory;
  }

  #release(frame: SharedFrame | Frame | undefined): void {
    const place = frame === undefined ? -1 : (this.#held?.indexOf(frame) ?? -1);
    if (frame === undefined || place < 0) return;
    this.#held?.splice(place, 1);
    if (this.#held?.length === 0) this.#held = undefined;
    this.#memory.release(frame, this);
  }

  #beginReply(frame: Frame): void {
    const { length } = frame.bytes;
    if (length > wholeFrameBytes) {
      // There are only as many as the browser may have actions under way.
      this.#memory.add(frame, length, this);
      (this.#held ??= []).push(frame);
    }
    this.#begin(frame);
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  #begin(frame: Frame): void {
    this.#idleTicks = 0;
    const { bytes } = frame;
    if (bytes.length > wholeFrameBytes) {
      this.#large = frame;
      this.#largeSent = 0;
      this.#sendFragments();
    } else if (!this.#write(bytes)) this.#listen();
  }

  /** Writes a short frame. Returns false when the socket is congested. */
  #write(bytes: Buffer): boolean {
    this.#unprovenBytes += bytes.length;
    const isTaken = this.#socket.write(bytes);
    // Most browsers read everything at once, and are never pinged.
    if (this.#unprovenBytes >= fragmentBytes && this.#socket.writableLength > 0) this.#ping();
    return isTaken;
  }

  /** Writes as many fragments as the socket takes. When there are more, it drains later. */
  #sendFragments(): void {
    const frame = this.#large;
    if (frame === undefined) return;
    this.#idleTicks = 0;
    while (this.#socket.writableLength <= congestedBytes) {
      const end = Math.min(this.#largeSent + fragmentBytes, frame.payloadSize);
      const [header, payload] = frame.fragment(this.#largeSent, end);
      this.#socket.cork();
      this.#socket.write(header);
      const isLast = end === frame.payloadSize;
      // The whole frame stays in memory while a part of it waits in the socket.
      if (!this.#socket.write(payload, isLast ? () => this.#release(this.#held?.[0]) : undefined)) this.#listen();
      this.#ping();
      this.#socket.uncork();
      this.#largeSent = end;
      if (!isLast) continue;
      this.#large = undefined;
      return;
    }
  }

  #ping(): void {
    this.#unprovenBytes = 0;
    this.#pingsSent += 1;
    this.#ws.ping(String(this.#pingsSent));
  }

  /** Most browsers never need the listener. */
  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#socket.on("drain", () => this.#pump());
  }

  #pump(): void {
    if (!this.#isOpen || this.#pending !== undefined) return;
    this.#sendFragments();
    while (this.#replies !== undefined) {
      if (this.#large !== undefined || this.#socket.writableLength > congestedBytes) return;
      const reply = this.#replies.shift();
      if (this.#replies.length === 0) this.#replies = undefined;
      if (reply === undefined) continue;
      this.#replyBytes -= reply.bytes.length;
      this.#beginReply(reply);
    }
    if (this.isFree) this.#owner.onWriterFree();
  }
}
