import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Frame } from "./Frame.ts";
import type { FrameHolder, LargeFrames } from "./LargeFrames.ts";
import type { FrameWaiter, SharedFrame } from "./SharedFrame.ts";

/** While more than this waits in the socket, nothing is added; bytes. */
const congestedBytes = 256 * 1024;
/** A frame that is longer goes out in fragments, so that no more than some of them wait; bytes. */
const wholeFrameBytes = 128 * 1024;
const fragmentBytes = 64 * 1024;

/** Who sends by an {@link Outlet}. */
export interface OutletOwner {
  /** Messages about channels can be sent again. */
  onOutletFree(): void;
  /** It takes what it is sent too slowly, while others wait for the room that this takes: it has to end. */
  onOutletCut(): void;
}

/**
 * All that is sent to one browser goes out here, in order; but for control frames, which are ws's, and whole, and may come
 * between. Messages about channels are taken only while it is free: who is behind catches up later, and nothing is queued for
 * it. Replies to what the browser has said wait; they are as many as it has asked for.
 */
export class Outlet implements FrameWaiter, FrameHolder {
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #owner: OutletOwner;
  readonly #frames: LargeFrames;
  #replies: Frame[] | undefined;
  #replyBytes = 0;
  /** Is being sent in fragments. */
  #large: Frame | undefined;
  /** How much of its payload has been written. */
  #largeSent = 0;
  /** The next, while its frame is being made. */
  #pending: SharedFrame | undefined;
  /** The large ones for which room was taken, in the order in which they go out. */
  #held: (SharedFrame | Frame)[] | undefined;
  /** Whether there is no room for the next one. */
  #awaitsRoom = false;
  #idleTicks = 0;
  #listens = false;

  /** @param socket What is below the WebSocket. */
  constructor(ws: WebSocket, socket: Duplex, owner: OutletOwner, frames: LargeFrames) {
    this.#ws = ws;
    this.#socket = socket;
    this.#owner = owner;
    this.#frames = frames;
  }

  /** Whether a message about a channel can be sent now. When it is not, its owner is told once it is. */
  get isFree(): boolean {
    return this.takesReplies && !this.#awaitsRoom;
  }

  /** Whether a reply would go out at once. */
  get takesReplies(): boolean {
    return (
      this.#socket.writableLength <= congestedBytes &&
      this.#large === undefined &&
      this.#pending === undefined &&
      this.#replies === undefined &&
      this.#isOpen
    );
  }

  /** Whether anything waits to go out. */
  get isBusy(): boolean {
    return (
      this.#socket.writableLength > 0 ||
      this.#large !== undefined ||
      this.#pending !== undefined ||
      this.#replies !== undefined
    );
  }

  /** What waits in the socket and for it; bytes. What is shared with others does not count. */
  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#replyBytes;
  }

  /** How much of what the browser has asked for waits; bytes. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** Counts the ticks since something was written last. */
  tick(): number {
    return (this.#idleTicks += 1);
  }

  /** Sends a message about a channel; or returns false when that cannot be now. Its owner is told once it can. */
  send(shared: SharedFrame): boolean {
    if (!this.isFree) return false;
    const { frame, size } = shared;
    if (size > wholeFrameBytes && !this.#takeRoom(shared, size)) return false;
    if (frame !== undefined) this.#begin(frame);
    else {
      this.#pending = shared;
      shared.whenReady(this);
    }
    return true;
  }

  /** Sends a reply, or has it wait. */
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
    if (length > wholeFrameBytes) this.#frames.resize(shared, length);
    this.#begin(frame);
    if (length <= wholeFrameBytes) this.#release(shared);
    this.#pump();
  }

  onRoom(): void {
    this.#awaitsRoom = false;
    this.#pump();
  }

  onCut(): void {
    this.#owner.onOutletCut();
  }

  /** Forgets what waits. */
  close(): void {
    this.#replies = undefined;
    this.#replyBytes = 0;
    this.#large = undefined;
    this.#pending = undefined;
    this.#frames.leave(this);
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const each of held) this.#frames.release(each, this);
  }

  #takeRoom(shared: SharedFrame, size: number): boolean {
    this.#awaitsRoom = !this.#frames.take(shared, size, this);
    if (!this.#awaitsRoom) (this.#held ??= []).push(shared);
    return !this.#awaitsRoom;
  }

  #release(frame: SharedFrame | Frame | undefined): void {
    const place = frame === undefined ? -1 : (this.#held?.indexOf(frame) ?? -1);
    if (frame === undefined || place < 0) return;
    this.#held?.splice(place, 1);
    if (this.#held?.length === 0) this.#held = undefined;
    this.#frames.release(frame, this);
  }

  #beginReply(frame: Frame): void {
    const { length } = frame.bytes;
    if (length > wholeFrameBytes) {
      // There are only as many as the browser may have actions under way.
      this.#frames.add(frame, length, this);
      (this.#held ??= []).push(frame);
    }
    this.#begin(frame);
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  #begin(frame: Frame): void {
    this.#idleTicks = 0;
    if (frame.bytes.length <= wholeFrameBytes) {
      if (!this.#socket.write(frame.bytes)) this.#listen();
      return;
    }
    this.#large = frame;
    this.#largeSent = 0;
    this.#fragments();
  }

  /** Writes as many fragments as the socket takes. When there are more, it drains some time. */
  #fragments(): void {
    const frame = this.#large;
    if (frame === undefined) return;
    this.#idleTicks = 0;
    while (this.#socket.writableLength <= congestedBytes) {
      const end = Math.min(this.#largeSent + fragmentBytes, frame.payloadSize);
      const [header, payload] = frame.fragment(this.#largeSent, end);
      this.#socket.cork();
      this.#socket.write(header);
      const isLast = end === frame.payloadSize;
      // All of it is kept while a part of it waits in the socket.
      if (!this.#socket.write(payload, isLast ? () => this.#release(this.#held?.[0]) : undefined)) this.#listen();
      this.#socket.uncork();
      this.#largeSent = end;
      if (!isLast) continue;
      this.#large = undefined;
      return;
    }
  }

  /** Most browsers take whatever they are sent: they need no listener. */
  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#socket.on("drain", () => this.#pump());
  }

  #pump(): void {
    if (!this.#isOpen || this.#pending !== undefined) return;
    this.#fragments();
    while (this.#replies !== undefined) {
      if (this.#large !== undefined || this.#socket.writableLength > congestedBytes) return;
      const reply = this.#replies.shift();
      if (this.#replies.length === 0) this.#replies = undefined;
      if (reply === undefined) continue;
      this.#replyBytes -= reply.bytes.length;
      this.#beginReply(reply);
    }
    if (this.isFree) this.#owner.onOutletFree();
  }
}
