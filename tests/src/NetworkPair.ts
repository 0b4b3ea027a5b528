import { execFile, execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { RunningProcess, type RunOptions } from "./RunningProcess.ts";
import type { SlowRelayArgument } from "./slowRelay.ts";

const run = promisify(execFile);

/** The delay of a packet each way, in milliseconds, and the percentage of lost packets. */
const delayMs = 100;
const lossPercent = 2;

/** One of two machines. */
export interface NetworkSide {
  /** The network namespace. */
  readonly name: string;
  readonly address: string;
  readonly device: string;
}

/**
 * Two network namespaces that act as two machines. The link between them is slow, loses packets, and can be taken down. Only root can
 * make them. Where the kernel has no netem, a relay delays the traffic instead, and delays some parts as long as a packet that is lost
 * and sent again.
 */
export class NetworkPair implements AsyncDisposable {
  readonly near: NetworkSide;
  readonly far: NetworkSide;
  readonly #owned = new AsyncDisposableStack();
  #hasNetem = true;

  private constructor(id: string) {
    this.near = { name: `peek-${id}-near`, address: "10.213.7.1", device: `pk${id}n` };
    this.far = { name: `peek-${id}-far`, address: "10.213.7.2", device: `pk${id}f` };
  }

  /** Whether this account can make namespaces on this machine. */
  static isPossible(): boolean {
    const name = `peek-${randomInt(1e9)}-try`;
    try {
      execFileSync("ip", ["netns", "add", name], { stdio: "ignore" });
      execFileSync("ip", ["netns", "delete", name], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  static async make(): Promise<NetworkPair> {
    const pair = new NetworkPair(randomInt(1e9).toString(36));
    try {
      await pair.#make();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a command on one of the machines. */
  run(side: NetworkSide, command: string, { args = [], ...options }: RunOptions = {}): RunningProcess {
    return new RunningProcess("ip", { ...options, args: ["netns", "exec", side.name, command, ...args] });
  }

  /** The address of a port of the near machine for the far one, over the slow link. */
  async wayTo(port: number): Promise<{ readonly host: string; readonly port: number }> {
    if (this.#hasNetem) return { host: this.near.address, port };
    const argument: SlowRelayArgument = { listen: this.far.address, to: this.near.address, port, delayMs, lossPercent };
    const relay = this.run(this.far, process.execPath, {
      args: [join(import.meta.dirname, "slowRelay.ts"), JSON.stringify(argument)],
    });
    this.#owned.use(relay);
    await relay.waitFor(/^listening$/);
    return { host: this.far.address, port };
  }

  /** Takes the link down. */
  async disconnect(): Promise<void> {
    await this.#ip(this.near, "link", "set", "dev", this.near.device, "down");
  }

  /** Brings the link up again. */
  async reconnect(): Promise<void> {
    await this.#ip(this.near, "link", "set", "dev", this.near.device, "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #make(): Promise<void> {
    const { near, far } = this;
    for (const { name } of [near, far]) {
      await run("ip", ["netns", "add", name]);
      // The link ends with it.
      this.#owned.defer(async () => void (await run("ip", ["netns", "delete", name])));
    }
    const ends = ["netns", near.name, "type", "veth", "peer", "name", far.device, "netns", far.name];
    await run("ip", ["link", "add", near.device, ...ends]);
    for (const side of [near, far]) {
      await this.#ip(side, "address", "add", `${side.address}/24`, "dev", side.device);
      await this.#ip(side, "link", "set", "dev", "lo", "up");
      await this.#ip(side, "link", "set", "dev", side.device, "up");
      await this.#slowDown(side);
    }
  }

  async #slowDown({ name, device }: NetworkSide): Promise<void> {
    const netem = ["netem", "delay", `${delayMs}ms`, "loss", `${lossPercent}%`];
    try {
      await run("tc", ["-netns", name, "qdisc", "add", "dev", device, "root", ...netem]);
    } catch {
      this.#hasNetem = false;
    }
  }

  async #ip(side: NetworkSide, ...args: readonly string[]): Promise<void> {
    await run("ip", ["-netns", side.name, ...args]);
  }
}
