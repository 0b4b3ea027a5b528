import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import { type PeerIdentity, type ServiceName, serviceNames } from "@peek/plugin-base";
import { askSocket } from "./askSocket.ts";
import type { NetworkPair, NetworkSide } from "./NetworkPair.ts";
import type { PluginPackageOptions } from "./pluginPackage.ts";
import type { RunningProcess, RunOptions } from "./RunningProcess.ts";
import type { TestHome } from "./TestHome.ts";
import { serviceCommand, workspaceDir } from "./workspace.ts";

/** The plugin that makes and answers calls. */
export const probeName = "peek_plugin_probe";

/** The socket of a probe, in the service's home. */
const socketName = "probe.sock";
/** The file in which a probe records the executed calls, one per line. */
const ranName = "ran.txt";

const dirVariable = "PEEK_PROBE_DIR";

/** A call for a probe to make. */
export interface ProbeCall {
  readonly to: ServiceName | PeerIdentity;
  /** `note`: records its id, and returns the instance; `hang`: waits until it is cancelled; `agentsOnly`: like note, for agents. */
  readonly procedure: "note" | "hang" | "agentsOnly";
  readonly id: number;
  readonly all?: boolean;
  readonly wait?: boolean;
  readonly deadlineMs?: number;
  /** The milliseconds after which the call is cancelled. */
  readonly abortAfterMs?: number;
}

/** The outcome. */
export interface ProbeAnswer {
  /** The duration in milliseconds. */
  readonly ms: number;
  /** The times of the call and of the answer, by the machine's clock. */
  readonly calledAt: number;
  readonly answeredAt: number;
  /** The instances that executed it. */
  readonly instances: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

/** The probe's package, for every service. */
export function probePlugin(): PluginPackageOptions {
  return { name: probeName, manifest: { requiresServices: serviceNames }, index: probeIndex() };
}

/** Installs zod for the probe of a home. */
export async function linkZod(home: TestHome): Promise<void> {
  const modules = join(home.dir, "plugin-software", "node_modules");
  await mkdir(modules, { recursive: true });
  await symlink(join(workspaceDir, "packages", "plugin-base", "node_modules", "zod"), join(modules, "zod"));
}

/** A service with a probe, in a separate process. */
export class ProbedService {
  readonly home: TestHome;

  private constructor(home: TestHome) {
    this.home = home;
  }

  /** Its home, beside another one, with the probe installed. */
  static async beside(base: TestHome, service: ServiceName, config: ServiceConfigInput): Promise<ProbedService> {
    const home = await base.beside(service, config, [probePlugin()]);
    await linkZod(home);
    return new ProbedService(home);
  }

  /** The environment of its process. */
  get env(): Readonly<Record<string, string>> {
    return { PEEK_HOME: this.home.base, [dirVariable]: this.home.dir };
  }

  run(options: RunOptions = {}): RunningProcess {
    return this.home.run({ ...options, env: { ...this.env, ...options.env } });
  }

  /** Runs it on one of two machines. */
  runOn(network: NetworkPair, side: NetworkSide): RunningProcess {
    return network.run(side, serviceCommand(this.home.service), { env: this.env });
  }

  /** Runs it, and waits until it is ready. */
  async start(): Promise<RunningProcess> {
    const running = this.run();
    await running.waitFor(/:Ready in /);
    return running;
  }

  /** Makes its probe call. */
  async call(call: ProbeCall): Promise<ProbeAnswer> {
    return (await this.#ask(call)) as ProbeAnswer;
  }

  /** The presence changes that its probe has received so far: `joined logic-k3v9x2m7qd`. */
  async presence(): Promise<readonly string[]> {
    return (await this.#ask("presence")) as readonly string[];
  }

  /** The ids of the calls that it has executed, in order; over all its processes. */
  async ran(): Promise<readonly number[]> {
    try {
      const text = await readFile(join(this.home.dir, ranName), "utf8");
      return text.trimEnd().split("\n").map(Number);
    } catch {
      // It has not executed any yet.
      return [];
    }
  }

  async #ask(question: ProbeCall | "presence"): Promise<unknown> {
    return await askSocket(join(this.home.dir, socketName), question);
  }
}

function probeIndex(): string {
  const titled = serviceNames.map((name) => name.charAt(0).toUpperCase() + name.slice(1));
  const imports = titled.map(
    (title) => `import { Plugin${title}EntryHookABC } from "@peek/plugin-base/${title.toLowerCase()}";`,
  );
  const hooks = titled.map((title) => `export const peek${title}EntryHook = () => probed(Plugin${title}EntryHookABC);`);
  return `${imports.join("\n")}
import { appendFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { defineRpc } from "@peek/plugin-base/contracts";
import { z } from "zod";

const note = { input: z.object({ id: z.int() }), output: z.string() };
const Work = defineRpc("${probeName}.Work", { note, hang: note });
const AgentsOnly = defineRpc("${probeName}.AgentsOnly", { agentsOnly: note });
const dir = process.env.${dirVariable};

function probed(Base) {
  return class EntryHook extends Base {
    #logger = this.getLogger(import.meta);
    #presence = [];
    load() {}
    start() {
      const { vortex } = this.platform;
      const own = vortex.presence.self.instance;
      const ran = ({ id }) => {
        appendFileSync(join(dir, "${ranName}"), id + "\\n");
        return own;
      };
      const hang = async ({ id }, { signal }) => {
        this.#logger.info("Hangs %d", id);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        this.#logger.info("Ended %d %s %d", id, signal.reason.code, Date.now());
        return own;
      };
      vortex.rpc.serve(Work, { note: ran, hang });
      vortex.rpc.serve(AgentsOnly, { agentsOnly: ran }, { acceptOnlyFrom: "agent" });
      void this.#follow(vortex);
      const path = join(dir, "${socketName}");
      rmSync(path, { force: true });
      const server = createServer(async (request, response) => {
        const question = JSON.parse(await text(request));
        response.end(JSON.stringify(question === "presence" ? this.#presence : await call(vortex, question)));
      });
      this.disposables.defer(() => { server.closeAllConnections(); server.close(); });
      return new Promise((resolve) => server.listen(path, resolve));
    }
    async #follow(vortex) {
      for await (const { kind, peer } of vortex.presence.changes()) this.#presence.push(kind + " " + peer.instance);
    }
    stop() {}
    unload() {}
  };
}

async function call(vortex, { to, procedure, id, all, wait: waits, deadlineMs, abortAfterMs }) {
  const contract = procedure === "agentsOnly" ? AgentsOnly : Work;
  const signal = abortAfterMs === undefined ? undefined : AbortSignal.timeout(abortAfterMs);
  const client = all ? vortex.rpc.clientOfAll(contract, { to }) : vortex.rpc.client(contract, { to });
  const calledAt = Date.now();
  const start = performance.now();
  let outcome;
  try {
    const value = await client[procedure]({ id }, { signal, deadlineMs, wait: waits });
    outcome = { instances: all ? value.map((each) => each.value) : [value] };
  } catch (error) {
    outcome = { instances: [], code: error.code ?? error.name, message: error.message };
  }
  return { ms: performance.now() - start, calledAt, answeredAt: Date.now(), ...outcome };
}
${hooks.join("\n")}
`;
}
