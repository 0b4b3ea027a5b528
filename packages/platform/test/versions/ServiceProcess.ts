import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { pump, type PumpVersions } from "./pumpVersions.ts";

const statusSchema = z.array(z.looseObject({ state: z.string(), version: z.string().optional() })).length(1);
const answerSchema = z.object({
  result: z.looseObject({
    outcome: z.string(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  plugins: statusSchema,
});

/** A real service in a process of its own. */
export class ServiceProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly lines: string[] = [];

  private constructor(versions: PumpVersions, probeSeconds: number) {
    versions.configure(probeSeconds);
    const script = fileURLToPath(new URL("runAgent.ts", import.meta.url));
    this.#child = spawn(process.execPath, ["--conditions=@peek/source", script], {
      env: { ...process.env, PEEK_HOME: versions.base },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#answers = this.#read();
    onTestFinished(() => this.kill());
  }

  /** Starts it, and waits until it is ready. @returns It, and `<version> <state>` of the plugin. */
  static async start(versions: PumpVersions, probeSeconds = 0): Promise<{ service: ServiceProcess; runs: string }> {
    const service = ServiceProcess.begin(versions, probeSeconds);
    return { service, runs: await service.ready() };
  }

  /** Starts it. */
  static begin(versions: PumpVersions, probeSeconds = 0): ServiceProcess {
    return new ServiceProcess(versions, probeSeconds);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<string> {
    return runs(statusSchema.parse(await this.#next()));
  }

  /** Changes the version of the plugin. */
  async change(version: string): Promise<{ outcome: string; error: string; runs: string }> {
    this.request(version);
    const { result, plugins } = answerSchema.parse(await this.#next());
    return { outcome: result.outcome, error: `${result.error?.code} ${result.error?.message}`, runs: runs(plugins) };
  }

  /** Asks for a change, and does not wait for the result. */
  request(version: string): void {
    this.#child.stdin.write(`${JSON.stringify({ kind: "reload", plugin: pump, version })}\n`);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  /** Ends it in order. */
  async stop(): Promise<number | null> {
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    await exited;
    return this.#child.exitCode;
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`The service ended. It logged: ${this.lines.join("\n")}`);
    return JSON.parse(value);
  }

  async *#read(): AsyncGenerator<string> {
    for await (const line of createInterface({ input: this.#child.stdout })) {
      if (line.startsWith("=")) yield line.slice(1);
      else this.lines.push(line);
    }
  }
}

function runs([plugin]: z.infer<typeof statusSchema>): string {
  return `${plugin?.version} ${plugin?.state}`;
}
