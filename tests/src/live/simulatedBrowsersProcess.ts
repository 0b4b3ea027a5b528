import { gunzipSync } from "node:zlib";
import { WebSocket } from "ws";
import type {
  SimulatedBrowsersOptions,
  SimulatedBrowsersRequest,
  SimulatedBrowsersReport,
} from "./simulatedBrowsersMessages.ts";

// Many simulated browsers: started by SimulatedBrowsers.

interface Row {
  readonly id: number;
  readonly at: number;
  readonly value?: number;
}

interface Message {
  readonly t: string;
  readonly id: number;
  readonly c: number;
  readonly e: string;
  readonly fe?: string;
  readonly f: number;
  readonly o: number;
  readonly on: boolean;
  readonly code: string;
  readonly upstream: boolean;
  readonly rows: readonly Row[];
  readonly r?: readonly unknown[];
  readonly u?: readonly Row[];
  readonly i?: readonly (readonly [number, Row])[];
}

/** The number of concurrent connection attempts. */
const connecting = 100;

const now = (): number => performance.timeOrigin + performance.now();

class Counts {
  frames = 0;
  beats = 0;
  snapshots = 0;
  deltas = 0;
  unchanged = 0;
  distinct = 0;
  gaps = 0;
  repeated = 0;
  steppedBack = 0;
  largestFrame = 0;
  longestCut = 0;
  cuts = 0;
  readonly latencies: number[] = [];
  readonly codes: Record<string, number> = {};
}

let counts = new Counts();
const members: SimulatedBrowser[] = [];

/** The last frames, parsed once, since other browsers receive the same. */
const lastFrames: { readonly bytes: Buffer; readonly message: Message }[] = [];

function read(bytes: Buffer, isBinary: boolean): Message {
  const known = lastFrames.find((each) => each.bytes.length === bytes.length && each.bytes.equals(bytes));
  if (known !== undefined) return known.message;
  const message = JSON.parse((isBinary ? gunzipSync(bytes) : bytes).toString()) as Message;
  if (message.t === "d" || message.t === "s") counts.distinct += 1;
  if (message.t !== "on") {
    // The buffer of ws is a part of a larger one.
    lastFrames.unshift({ bytes: Buffer.from(bytes), message });
    if (lastFrames.length > 8) lastFrames.pop();
  }
  return message;
}

class SimulatedBrowser {
  isLive = false;
  /** Whether it has been disconnected since `begin`. */
  wasCut = false;
  rows = new Map<number, Row>();
  epoch = "";
  offset = -1;
  freshest = 0;
  readonly #urls: readonly string[];
  readonly #selector: string;
  readonly #onFirst: () => void;
  #turn = 0;
  #tries = 0;
  #lostAt: number | undefined;
  #channel = -1;

  constructor(urls: readonly string[], selector: string, onFirst: () => void) {
    this.#urls = urls;
    this.#selector = selector;
    this.#onFirst = onFirst;
    this.#connect();
  }

  #connect(): void {
    const url = this.#urls[this.#turn % this.#urls.length] ?? "";
    const socket = new WebSocket(url, "peek.client.1", { perMessageDeflate: false, maxPayload: 64 << 20 });
    socket.on("message", (data, isBinary) => {
      if (Buffer.isBuffer(data)) this.#take(socket, read(data, isBinary), data.length);
    });
    socket.on("close", (code) => this.#closed(code));
    socket.on("error", () => undefined);
  }

  #closed(code: number): void {
    counts.codes[code] = (counts.codes[code] ?? 0) + 1;
    if (this.isLive) {
      this.#lostAt = performance.now();
      counts.cuts += 1;
      this.wasCut = true;
    }
    this.isLive = false;
    this.#turn += 1;
    // Like the client: see its reconnect delay.
    const longest = this.#tries === 0 ? 300 : Math.min(8000, 500 * 2 ** (this.#tries - 1));
    this.#tries += 1;
    setTimeout(() => this.#connect(), Math.random() * longest);
  }

  #subscribe(socket: WebSocket): void {
    const at = this.offset < 0 ? undefined : { epoch: this.epoch, offset: this.offset };
    socket.send(JSON.stringify({ t: "sub", id: 1, sel: this.#selector, at }));
  }

  #take(socket: WebSocket, message: Message, bytes: number): void {
    counts.frames += 1;
    switch (message.t) {
      case "hi":
        this.#subscribe(socket);
        break;
      case "beat":
        counts.beats += 1;
        socket.send('{"t":"beat"}');
        break;
      case "up":
        if (!message.on) this.isLive = false;
        break;
      case "on":
        this.#channel = message.c;
        break;
      case "stale":
      case "current":
      case "pulse":
        break;
      case "off":
      case "err":
        counts.codes[message.code] = (counts.codes[message.code] ?? 0) + 1;
        break;
      default:
        if (message.c === this.#channel) this.#receive(message, bytes);
    }
  }

  #receive(message: Message, bytes: number): void {
    counts.largestFrame = Math.max(counts.largestFrame, bytes);
    if (message.t === "u") counts.unchanged += 1;
    else if (message.t === "s") {
      counts.snapshots += 1;
      if (message.e === this.epoch && message.o <= this.offset) counts.repeated += 1;
      const rows = new Map(message.rows.map((row) => [row.id, row]));
      for (const row of message.rows) this.#check(row);
      this.rows = rows;
    } else if (!this.#apply(message)) return;
    this.epoch = message.e;
    this.offset = message.o;
    this.#live();
  }

  #apply(message: Message): boolean {
    counts.deltas += 1;
    if (this.epoch !== (message.fe ?? message.e) || this.offset !== message.f) {
      if (message.e === this.epoch && message.o <= this.offset) counts.repeated += 1;
      else counts.gaps += 1;
      return false;
    }
    if (message.e === this.epoch && message.o <= this.offset) counts.repeated += 1;
    let newest = 0;
    for (const key of message.r ?? []) this.rows.delete(Number(key));
    for (const row of message.u ?? []) {
      this.#check(row);
      this.rows.set(row.id, row);
      newest = Math.max(newest, row.at);
    }
    for (const [, row] of message.i ?? []) this.rows.set(row.id, row);
    if (newest > 0) {
      counts.latencies.push(now() - newest);
      this.freshest = newest;
    }
    return true;
  }

  #check(row: Row): void {
    const before = this.rows.get(row.id);
    if (before !== undefined && (row.value ?? 0) < (before.value ?? 0)) counts.steppedBack += 1;
  }

  #live(): void {
    if (this.isLive) return;
    this.isLive = true;
    this.#tries = 0;
    if (this.#lostAt !== undefined) counts.longestCut = Math.max(counts.longestCut, performance.now() - this.#lostAt);
    this.#lostAt = undefined;
    this.#onFirst();
  }
}

async function open({ urls, count, selectors }: SimulatedBrowsersOptions): Promise<void> {
  const first: Promise<void>[] = [];
  const waiting = new Set<Promise<void>>();
  for (let index = 0; index < count; index += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    members.push(new SimulatedBrowser(urls, selectors[index % selectors.length] ?? "", resolve));
    first.push(promise);
    waiting.add(promise);
    void promise.then(() => waiting.delete(promise));
    if (waiting.size >= connecting) await Promise.race(waiting);
  }
  await Promise.all(first);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function totalOf({ rows }: SimulatedBrowser): number {
  let sum = 0;
  for (const { value } of rows.values()) sum += value ?? 0;
  return sum;
}

function report(): SimulatedBrowsersReport {
  const { latencies, ...rest } = counts;
  const sorted = Float64Array.from(latencies).sort();
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  const states = new Set(
    members.map(({ epoch, offset, rows }) => {
      const values = [...rows.values()].map(({ id, value, at: time }) => [id, value ?? time]);
      return `${epoch}/${offset} ${JSON.stringify(values)}`;
    }),
  );
  return {
    ...rest,
    members: members.length,
    live: members.filter(({ isLive }) => isLive).length,
    latency: { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) },
    states: [...states].slice(0, 20),
  };
}

async function obey(order: SimulatedBrowsersRequest): Promise<unknown> {
  switch (order.ask) {
    case "open":
      return await open(order.members);
    case "resumed":
      return await until(() => members.every(({ isLive, wasCut }) => isLive && wasCut));
    case "value":
      return await until(() => members.every((member) => member.isLive && totalOf(member) === order.total));
    case "fresh":
      return await until(() => members.every(({ freshest }) => freshest >= order.since));
    case "report":
      return report();
    default:
      counts = new Counts();
      for (const member of members) member.wasCut = false;
      return undefined;
  }
}

process.on("message", ({ number, order }: { readonly number: number; readonly order: SimulatedBrowsersRequest }) => {
  const answer = async (): Promise<void> => {
    const result = await obey(order);
    process.send?.({ number, result });
  };
  void answer();
});
process.on("disconnect", () => process.exit());
