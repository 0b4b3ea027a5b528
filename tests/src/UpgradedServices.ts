import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePort } from "./freePort.ts";
import { peek } from "./peekCommand.ts";
import { pump, pumpArchive } from "./pumpArchive.ts";
import { RunningProcess } from "./RunningProcess.ts";
import { TestHome } from "./TestHome.ts";
import { workspaceDir } from "./workspace.ts";

/** The services of {@link UpgradedServices}. */
export type UpgradedService = "logic" | "field";
/** A step of an upgrade at which a service is killed. */
export type KilledStep = "prepare" | "stop" | "load" | "start" | "probe";
/** Where a service is killed, and to which version all services go then: `back` to the old one, or `on` to the new one. */
export const killedUpgrades = [
  { victim: "logic", steppedOn: "logic", step: "prepare", goes: "back" },
  { victim: "logic", steppedOn: "logic", step: "stop", goes: "on" },
  { victim: "logic", steppedOn: "logic", step: "load", goes: "on" },
  { victim: "logic", steppedOn: "logic", step: "start", goes: "on" },
  { victim: "logic", steppedOn: "logic", step: "probe", goes: "on" },
  { victim: "field", steppedOn: "field", step: "prepare", goes: "back" },
  { victim: "field", steppedOn: "field", step: "stop", goes: "back" },
  { victim: "field", steppedOn: "field", step: "start", goes: "back" },
  { victim: "field", steppedOn: "field", step: "probe", goes: "back" },
  // Logic has ended its own part then.
  { victim: "logic", steppedOn: "field", step: "start", goes: "on" },
] as const satisfies readonly KilledAt[];

interface KilledAt {
  readonly victim: UpgradedService;
  /** The service whose step it is. */
  readonly steppedOn: UpgradedService;
  readonly step: KilledStep;
  readonly goes: "back" | "on";
}

/** How long a new version is watched, in seconds: nothing waits for it, or a kill comes before its end. */
const probes = { brief: 0.2, long: 60 } as const;

/** The versions of the plugin. */
const versions = ["1.0.0", "1.1.0"] as const;

/** One upgrade during which a service was killed, and its outcome. */
export interface KilledUpgrade {
  /** The exit code of the command. */
  readonly code: number | null;
  /** The lines in which the killed service said at its next start which version it runs. */
  readonly said: readonly string[];
  /** The version that both services run. */
  readonly version: string;
}

/** Logic and field, and a plugin that waits in a step until the test releases it. */
export class UpgradedServices implements AsyncDisposable {
  readonly base: string;
  readonly #owned: AsyncDisposableStack;
  readonly #homes: Readonly<Record<UpgradedService, TestHome>>;
  readonly #archives: readonly string[];
  readonly #running = new Map<UpgradedService, RunningProcess>();

  private constructor(
    owned: AsyncDisposableStack,
    homes: Readonly<Record<UpgradedService, TestHome>>,
    archives: readonly string[],
  ) {
    this.#owned = owned;
    this.#homes = homes;
    this.#archives = archives;
    this.base = homes.logic.base;
  }

  /** Starts both with the first version. */
  static async start(): Promise<UpgradedServices> {
    await using owned = new AsyncDisposableStack();
    const sitePort = await freePort();
    const logic = owned.use(await TestHome.with({ httpServer: { dataExchange: { sitePort } } }));
    const field = await logic.beside("field", { dataExchange: { httpPort: sitePort } });
    const archives: string[] = [];
    for (const version of versions)
      archives.push(await pumpArchive(logic.base, { version, ...waiting(logic.base, version) }));
    const services = new UpgradedServices(owned.move(), { logic, field }, archives);
    for (const name of ["logic", "field"] as const) await services.restart(name);
    const { code, stderr } = await services.plugin("install", archives[0] ?? "");
    if (code !== 0) throw new Error(stderr);
    return services;
  }

  /** Runs `peek plugin`. */
  plugin(...args: readonly string[]): ReturnType<typeof peek> {
    return peek(this.base, "plugin", ...args);
  }

  /** Starts a service, and waits until it is ready and connected. */
  async restart(name: UpgradedService, probeSeconds: number = probes.brief): Promise<RunningProcess> {
    const home = this.#homes[name];
    const config = JSON.parse(await home.readConfig()) as { readonly plugin: object };
    await home.writeConfig(JSON.stringify({ ...config, plugin: { ...config.plugin, deadlines: { probeSeconds } } }));
    const started = this.#owned.use(await home.start());
    if (name === "field") await started.waitFor(/Connected to the logic service/);
    this.#running.set(name, started);
    return started;
  }

  /** Stops a service. */
  async stop(name: UpgradedService): Promise<void> {
    await this.#running.get(name)?.stop();
  }

  /**
   * Upgrades from one version to the other, kills a service at a step of it, starts it again, and waits until both services run the same
   * version whole, whichever that is.
   *
   * @param steppedOn The service whose step it is.
   */
  async kill(victim: UpgradedService, steppedOn: UpgradedService, step: KilledStep): Promise<KilledUpgrade> {
    const from = await this.agreed();
    const to = from === versions[0] ? versions[1] : versions[0];
    if (step === "probe") {
      await this.stop(victim);
      await this.restart(victim, probes.long);
      await this.agreed();
    }
    const held = step === "stop" ? from : to;
    if (step !== "probe") writeFileSync(join(this.base, `hold-${step}-${steppedOn}-${held}`), "");
    const upgrading = this.#owned.use(
      new RunningProcess(join(workspaceDir, "packages", "cli", "bin", "peek"), {
        args: ["plugin", "upgrade", this.#archives[versions.indexOf(to)] ?? "", "--allow-downgrade"],
        env: { PEEK_HOME: this.base },
      }),
    );
    await upgrading.waitForError(new RegExp(`${steppedOn}-\\w+: ${step}$`));
    this.#running.get(victim)?.kill("SIGKILL");
    await this.#running.get(victim)?.ended;
    for (const name of readdirSync(this.base).filter((each) => each.startsWith("hold-"))) rmSync(join(this.base, name));
    const { code } = await upgrading.ended;
    const restarted = await this.restart(victim);
    const version = await this.agreed();
    return { code, version, said: restarted.lines.filter((line) => line.includes("was interrupted")) };
  }

  /** Waits until both services run the same version, and no change is being made. @returns The version. */
  agreed(): Promise<string> {
    return this.agreedOn("logic", "field");
  }

  /** Upgrades from a version to the other one. */
  upgrade(from: string): ReturnType<typeof peek> {
    const archive = this.#archives[from === versions[0] ? 1 : 0] ?? "";
    return this.plugin("upgrade", archive, "--allow-downgrade");
  }

  /** Waits until these services, and no others, run the same version, and no change is being made. @returns The version. */
  async agreedOn(...names: readonly UpgradedService[]): Promise<string> {
    for (let last = ""; ; await setTimeout(100)) {
      const { stdout } = await peek(this.base, "status", "--json");
      const observed = (stdout === "" ? [] : JSON.parse(stdout)) as readonly Observed[];
      const found = observed.map(({ status }) => status?.plugins.find(({ name }) => name === pump));
      const running = new Set(found.map((each) => `${each?.version} ${each?.state}`));
      const [only = ""] = running;
      const isQuiet = observed.every(({ status }) => status !== undefined && status.change === undefined);
      const isAgreed = observed.length === names.length && running.size === 1 && only.endsWith(" started") && isQuiet;
      // Twice the same, so that the change of a service that has just joined has begun.
      if (isAgreed && last === only && this.#journals === 0) return only.split(" ")[0] ?? "";
      last = isAgreed ? only : "";
    }
  }

  /** How many changes the journals of both services have. */
  get #journals(): number {
    const dirs = Object.values(this.#homes).map(({ dir }) => join(dir, "plugin-software", "journal"));
    return dirs.flatMap((dir) => (existsSync(dir) ? readdirSync(dir) : [])).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

interface Observed {
  readonly status?: {
    readonly change?: object;
    readonly plugins: readonly { readonly name: string; readonly version?: string; readonly state: string }[];
  };
}

/** The code of a version that waits in a step while a file exists. */
function waiting(base: string, version: string): { top: string; load: string; start: string; stop: string } {
  const at = (step: string, service: string): string => `await at("${step}", ${service});`;
  const top = `import { existsSync } from "node:fs";
    const home = process.argv.join(" ").includes("field") ? "field" : "logic";
    const at = async (step, service) => {
      while (existsSync(${JSON.stringify(base)} + "/hold-" + step + "-" + service + "-${version}"))
        await new Promise((resolve) => setTimeout(resolve, 10));
    };
    ${at("prepare", "home")}`;
  return {
    top,
    load: at("load", "this.service"),
    start: at("start", "this.service"),
    stop: at("stop", "this.service"),
  };
}
