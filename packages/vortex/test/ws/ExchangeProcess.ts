import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceHome } from "@peek/config";
import { TokenStore } from "@peek/bus/identity";
import type { HubAnswer, HubArgument, HubQuestion } from "./exchangeMain.ts";
import { nonEphemeralPort } from "@peek/bus/testing";

/** Logic with real tokens in a separate process. It serves `pumps`. */
export class ExchangeProcess implements AsyncDisposable {
  readonly port: number;
  readonly tokens: TokenStore;
  readonly #base: string;
  readonly #heartbeatMs: number;
  #child: ChildProcess | undefined;

  private constructor(port: number, base: string, heartbeatMs: number) {
    this.port = port;
    this.#base = base;
    this.#heartbeatMs = heartbeatMs;
    this.tokens = new TokenStore(serviceHome("logic", { PEEK_HOME: base }));
  }

  static async start({ heartbeatMs = 5000 } = {}): Promise<ExchangeProcess> {
    const logic = new ExchangeProcess(
      await nonEphemeralPort(),
      mkdtempSync(join(tmpdir(), "peek-logic-")),
      heartbeatMs,
    );
    await logic.start();
    return logic;
  }

  /** Starts it, at first or after a {@link kill}; settles when it listens. */
  async start(): Promise<void> {
    const argument: HubArgument = { base: this.#base, port: this.port, heartbeatMs: this.#heartbeatMs };
    this.#child = fork(join(import.meta.dirname, "exchangeMain.ts"), [JSON.stringify(argument)], {
      execArgv: ["--conditions=@peek/source", "--expose-gc"],
    });
    await this.#answer();
  }

  /** Whether it runs. */
  get isAlive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  async ask(question: HubQuestion): Promise<HubAnswer> {
    const answer = this.#answer();
    this.#child?.send(question);
    return await answer;
  }

  /** Polls its state until a condition holds. */
  async until(isSo: (answer: HubAnswer) => boolean, timeoutMs = 120_000): Promise<HubAnswer> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const answer = await this.ask("look");
      if (isSo(answer)) return answer;
      if (performance.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${JSON.stringify(answer)}`);
    }
  }

  /** Kills its process; settles when it has ended. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isAlive) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.tokens[Symbol.dispose]();
    rmSync(this.#base, { recursive: true, force: true });
  }

  async #answer(): Promise<HubAnswer> {
    const child = this.#child;
    if (child === undefined) throw new Error("It was not started.");
    const { promise, resolve, reject } = Promise.withResolvers<HubAnswer>();
    const onExit = (): void => reject(new Error("The logic has ended."));
    child.once("message", (answer) => resolve(answer as HubAnswer));
    child.once("exit", onExit);
    try {
      return await promise;
    } finally {
      child.off("exit", onExit);
    }
  }
}
