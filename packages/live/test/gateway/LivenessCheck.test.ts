import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { LivenessCheck } from "../../src/gateway/connection/LivenessCheck.ts";
import { Frame } from "../../src/gateway/frames/Frame.ts";
import { FrameMemoryBudget } from "../../src/gateway/frames/FrameMemoryBudget.ts";
import { FrameWriter } from "../../src/gateway/frames/FrameWriter.ts";

const kibi = 1024;

/** A socket that takes a number of bytes, and nothing more. */
class FullSocket extends Duplex {
  #room: number;

  constructor(room: number) {
    super();
    this.#room = room;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#room -= chunk.length;
    if (this.#room >= 0) done();
  }

  override _read(): void {
    // Nothing is sent to it.
  }
}

/** A writer of a socket, and the pings that it has sent. */
function writerOf(socket: Duplex): { readonly writer: FrameWriter; readonly pings: Buffer[] } {
  const pings: Buffer[] = [];
  const ws = Object.assign(Object.create(WebSocket.prototype) as WebSocket, {
    ping: (data: string) => void pings.push(Buffer.from(data)),
  });
  Object.defineProperty(ws, "readyState", { value: WebSocket.OPEN });
  const owner = { onWriterFree: () => undefined, onEvicted: () => undefined };
  return { writer: new FrameWriter(ws, socket, owner, new FrameMemoryBudget(Infinity)), pings };
}

const frameOf = (bytes: number): Frame => Frame.ofText("x".repeat(bytes));

test("short messages to a browser that reads everything are sent without pings", () => {
  const { writer, pings } = writerOf(new FullSocket(Infinity));
  for (let sent = 0; sent < 100; sent += 1) writer.reply(frameOf(10 * kibi));
  expect(pings).toEqual([]);
});

test("short messages to a congested socket are followed by a ping after each 64 KiB", () => {
  const { writer, pings } = writerOf(new FullSocket(0));
  for (let sent = 0; sent < 25; sent += 1) writer.reply(frameOf(8 * kibi));
  expect(pings.map(String)).toEqual(["1", "2", "3"]);
});

test("each fragment of a large message is followed by a ping", () => {
  const { writer, pings } = writerOf(new FullSocket(Infinity));
  writer.reply(frameOf(1024 * kibi));
  expect(pings).toHaveLength(16);
});

test("a pong counts when it answers a ping for the first time, and no other", () => {
  const { writer, pings } = writerOf(new FullSocket(Infinity));
  writer.reply(frameOf(256 * kibi));
  expect(pings).toHaveLength(4);
  const answers = ["", "x", "0", "-1", "5", "2", "1", "2", "4"].map((pong) => writer.takePong(Buffer.from(pong)));
  expect(answers).toEqual([false, false, false, false, false, true, false, false, true]);
  expect(writer.pingsAnswered).toBe(4);
});

test("a busy browser is stuck after 150 ticks in which it has neither answered a ping nor taken a byte", () => {
  const check = new LivenessCheck(new FullSocket(Infinity));
  const socket = new FullSocket(0);
  socket.write("x");
  const stuck = new LivenessCheck(socket);
  const ticks = (count: number, pingsAnswered: number): string[] =>
    Array.from({ length: count }, () => stuck.tick({ isBusy: true, pingsAnswered }));
  expect(new Set(ticks(100, 0))).toEqual(new Set(["well"]));
  // Each answer is a proof.
  expect(new Set(ticks(150, 1))).toEqual(new Set(["well"]));
  expect(ticks(1, 1)).toEqual(["stuck"]);
  // One that is idle is asked, and gone when it does not answer.
  const idle = Array.from({ length: 36 }, () => check.tick({ isBusy: false, pingsAnswered: 0 }));
  expect(idle.flatMap((state, tick) => (state === "ask" ? [tick] : []))).toEqual([9, 19, 29]);
  expect(idle.indexOf("gone")).toBe(34);
});
