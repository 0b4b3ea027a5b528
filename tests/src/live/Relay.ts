import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../freePort.ts";

/** The hooks of a {@link Relay} on its traffic. */
export interface RelayRules {
  /** Inspects data of the service; true cuts the connection instead of forwarding it. */
  readonly cutsDown?: (data: Buffer) => boolean;
  /** Inspects data of the browser; true cuts the connection after forwarding it. */
  readonly cutsAfterUp?: (data: Buffer) => boolean;
}

/** Forwards connections to a port; also slowly, or not at all. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #to: number;
  readonly #rules: RelayRules;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #bytesPerSecond = Infinity;
  #isDown = false;
  #isHeld = false;
  #cuts = 0;

  private constructor(server: Server, port: number, to: number, rules: RelayRules) {
    this.#server = server;
    this.port = port;
    this.#to = to;
    this.#rules = rules;
    server.on("connection", (browser) => this.#begin(browser));
  }

  static async open(to: number, rules: RelayRules = {}): Promise<Relay> {
    const port = await freePort();
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    return new Relay(server, port, to, rules);
  }

  /** The number of cut connections. */
  get cuts(): number {
    return this.#cuts;
  }

  /** The rate at which data of the service is forwarded, in bytes per second for each connection. */
  set bytesPerSecond(bytes: number) {
    this.#bytesPerSecond = bytes;
    for (const pair of this.#pairs) pair.setRate(bytes);
  }

  /** Cuts all connections, and refuses new ones until `reopen`. */
  cut(): void {
    this.#isDown = true;
    for (const pair of this.#pairs) pair.end();
  }

  reopen(): void {
    this.#isDown = false;
  }

  /** Drops all traffic silently, like a lost radio cell: connections stay open. */
  hold(): void {
    this.#isHeld = true;
    for (const pair of this.#pairs) pair.hold();
  }

  /** Forwards the held data, and all that follows. */
  release(): void {
    this.#isHeld = false;
    for (const pair of this.#pairs) pair.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #begin(browser: Socket): void {
    if (this.#isDown) {
      browser.destroy();
      return;
    }
    const { cutsDown = () => false, cutsAfterUp = () => false } = this.#rules;
    const service = connect(this.#to, "127.0.0.1");
    const pair = new Pair(browser, service, {
      cutsDown: (data) => this.#counted(cutsDown(data)),
      cutsAfterUp: (data) => this.#counted(cutsAfterUp(data)),
    });
    pair.setRate(this.#bytesPerSecond);
    if (this.#isHeld) pair.hold();
    this.#pairs.add(pair);
    browser.once("close", () => this.#pairs.delete(pair));
  }

  #counted(isCut: boolean): boolean {
    if (isCut) this.#cuts += 1;
    return isCut;
  }
}

/** One connection through the relay. */
class Pair {
  readonly #browser: Socket;
  readonly #service: Socket;
  readonly #rules: Required<RelayRules>;
  #timer: NodeJS.Timeout | undefined;
  /** The data that is held back; undefined while the relay forwards. */
  #held: (() => void)[] | undefined;

  constructor(browser: Socket, service: Socket, rules: Required<RelayRules>) {
    this.#browser = browser;
    this.#service = service;
    this.#rules = rules;
    browser.setNoDelay();
    service.setNoDelay();
    for (const each of [browser, service]) {
      each.on("error", () => undefined);
      each.on("close", () => this.#pass(() => this.end()));
    }
    browser.on("data", (data) => this.#pass(() => this.#up(data)));
    service.on("data", (data) => this.#pass(() => this.#down(data)));
    browser.on("drain", () => {
      if (this.#timer === undefined) service.resume();
    });
  }

  setRate(bytesPerSecond: number): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (bytesPerSecond === Infinity) {
      this.#service.resume();
      return;
    }
    this.#service.pause();
    this.#timer = setInterval(() => {
      const part: unknown = this.#service.read(Math.ceil(bytesPerSecond / 10)) ?? undefined;
      if (Buffer.isBuffer(part)) this.#browser.write(part);
    }, 100);
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
  }

  end(): void {
    this.#held = undefined;
    clearInterval(this.#timer);
    this.#browser.destroy();
    this.#service.destroy();
  }

  #pass(pass: () => void): void {
    if (this.#held === undefined) pass();
    else this.#held.push(pass);
  }

  #up(data: Buffer): void {
    this.#service.write(data);
    if (!this.#rules.cutsAfterUp(data)) return;
    // Written data is still sent.
    this.#service.end();
    this.#browser.destroy();
  }

  #down(data: Buffer): void {
    // While the relay is slow, it reads the data itself; 'data' fires for the same data.
    if (this.#timer !== undefined) return;
    if (this.#rules.cutsDown(data)) this.end();
    else if (!this.#browser.write(data)) this.#service.pause();
  }
}
