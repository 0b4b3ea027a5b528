import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceConfigInput } from "@peek/config";
import { serviceNames } from "@peek/plugin-base";
import { describe, expect, it, vi } from "vitest";
import { freePort } from "./src/freePort.ts";
import { NetworkPair } from "./src/NetworkPair.ts";
import { peek } from "./src/peekCommand.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { type ProbeAnswer, ProbedService } from "./src/vortexProbe.ts";

/** The number of concurrent calls in each direction. */
const atATime = 10;
/** The number of calls that are cancelled, each after two seconds, during the partition: 5 s, or 30 s. */
const givenUp = (process.env["PEEK_LONG_TESTS"] === undefined ? 2 : 15) * atATime;
/** The time limit of each step. */
const patience = { timeout: 90_000, interval: 50 };

/** A service that calls another repeatedly, and the outcomes. */
class Stream {
  readonly answers = new Map<number, ProbeAnswer>();
  readonly #caller: ProbedService;
  readonly #to: "logic" | "agent";
  readonly #calling: Promise<unknown>;
  #next = 0;
  #isOver = false;

  constructor(caller: ProbedService, to: "logic" | "agent") {
    this.#caller = caller;
    this.#to = to;
    this.#calling = Promise.all(Array.from({ length: atATime }, () => this.#callOn()));
  }

  get answered(): number {
    return [...this.answers.values()].filter(({ code }) => code === undefined).length;
  }

  get failed(): readonly ProbeAnswer[] {
    return [...this.answers.values()].filter(({ code }) => code !== undefined);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#calling;
  }

  async #callOn(): Promise<void> {
    while (!this.#isOver) {
      const id = (this.#next += 1);
      this.answers.set(
        id,
        await this.#caller.call({ to: this.#to, procedure: "note", id, wait: true, deadlineMs: 2000 }),
      );
    }
  }
}

interface Machines {
  readonly network: NetworkPair;
  readonly logic: ProbedService;
  readonly agent: ProbedService;
  readonly logicProcess: RunningProcess;
  readonly agentProcess: RunningProcess;
}

/** The expectations of two services with any kind of connection. */
async function converges({ network, logic, agent, logicProcess, agentProcess }: Machines): Promise<void> {
  await vi.waitFor(async () => expect(await newsOf(logic, "agent")).toEqual(["joined"]), patience);
  await vi.waitFor(async () => expect(await newsOf(agent, "logic")).toEqual(["joined"]), patience);
  const { instances, ms } = await agent.call({ to: "logic", procedure: "note", id: 1_000_000 });
  expect(instances).toEqual([expect.stringMatching(/^logic-/)]);
  expect(ms).toBeGreaterThan(190);

  const streams = [new Stream(agent, "logic"), new Stream(logic, "agent")];
  const flowing = async (): Promise<void> => {
    const before = streams.map(({ answered }) => answered);
    await vi.waitFor(() => {
      for (const [index, { answered }] of streams.entries())
        expect(answered).toBeGreaterThan((before[index] ?? 0) + 20);
    }, patience);
  };
  try {
    await flowing();
    await network.disconnect();
    await vi.waitFor(async () => expect(await newsOf(logic, "agent")).toEqual(["joined", "left"]), patience);
    await vi.waitFor(async () => expect(await newsOf(agent, "logic")).toEqual(["joined", "left"]), patience);
    await vi.waitFor(() => {
      for (const { failed } of streams) expect(failed.length).toBeGreaterThanOrEqual(givenUp);
    }, patience);
    await network.reconnect();
    await vi.waitFor(async () => expect(await hasReturned(logic, "agent")).toBe(true), patience);
    await vi.waitFor(async () => expect(await hasReturned(agent, "logic")).toBe(true), patience);
    await flowing();
    expect(await hasReturned(logic, "agent")).toBe(true);
    expect(await hasReturned(agent, "logic")).toBe(true);
  } finally {
    await Promise.all(streams.map((stream) => stream.end()));
  }

  for (const [index, { answers, failed }] of streams.entries()) {
    const ran = await (index === 0 ? logic : agent).ran();
    const times = new Map<number, number>();
    for (const id of ran) times.set(id, (times.get(id) ?? 0) + 1);
    expect([...times].filter(([, count]) => count > 1)).toEqual([]);
    const notRun = [...answers].filter(([id, { code }]) => code === undefined && !times.has(id));
    expect(notRun).toEqual([]);
    for (const { code } of failed) {
      expect(code).toMatch(/^(PEER_GONE|DEADLINE_EXCEEDED|VORTEX_NOBODY|VORTEX_DISCONNECTED)$/);
    }
  }
  for (const { lines } of [logicProcess, agentProcess]) {
    const logged = lines.filter((line) => line.includes("peek_vortex"));
    expect(new Set(logged).size, logged.join("\n")).toBe(logged.length);
    expect(logged.length, logged.join("\n")).toBeLessThan(10);
  }
}

/** The presence changes of a service that a probe received: `joined`, `left`. */
async function newsOf(service: ProbedService, of: string): Promise<readonly string[]> {
  const news = (await service.presence()).filter((line) => line.includes(` ${of}-`));
  return news.map((line) => line.split(" ")[0] ?? "").filter((kind) => kind !== "updated");
}

/** Whether it had left and has joined again. Delayed messages of NATS may make it leave and join once more. */
async function hasReturned(service: ProbedService, of: string): Promise<boolean> {
  const news = await newsOf(service, of);
  return news.length >= 3 && news.length <= 5 && news.at(-1) === "joined";
}

const noNetworks = NetworkPair.isPossible() ? "" : " (only root can make their network, with ip of iproute2)";
const noNats = hasNats() ? "" : " (the program nats-server is not on this machine)";
const machines = `two machines on a network with 200 ms latency, packet loss and a partition${noNetworks}`;

describe.skipIf(noNetworks !== "")(machines, () => {
  it.concurrent("reconnect through logic's data exchange, and no call runs twice", async () => {
    await using owned = new AsyncDisposableStack();
    const network = owned.use(await NetworkPair.make());
    const [here, there] = [owned.use(await TestHome.make()), owned.use(await TestHome.make())];
    const port = await freePort();
    const logic = await ProbedService.beside(here, "logic", {
      httpServer: { dataExchange: { host: "0.0.0.0", sitePort: port } },
      dataExchange: { heartbeatSeconds: 1 },
    });
    const logicProcess = owned.use(logic.runOn(network, network.near));
    await logicProcess.waitFor(/Services connect to 0\.0\.0\.0/);
    const token = (await peek(here.base, "token", "create", "agent", "--label", "far away")).stdout.trim();
    const way = await network.wayTo(port);
    const agent = await ProbedService.beside(there, "agent", {
      dataExchange: { host: way.host, httpPort: way.port, token },
    });
    const agentProcess = owned.use(agent.runOn(network, network.far));
    await agentProcess.waitFor(/Connected to the logic service/);
    await converges({ network, logic, agent, logicProcess, agentProcess });
    expect(agentProcess.lines.filter((line) => line.includes(":Lost the logic service"))).toHaveLength(1);
    expect(agentProcess.lines.filter((line) => line.includes(":Reconnected to"))).toHaveLength(1);
  }, 240_000);

  it.skipIf(noNats !== "").concurrent(
    `reconnect over NATS, and no call runs twice${noNats}`,
    async () => {
      await using owned = new AsyncDisposableStack();
      const network = owned.use(await NetworkPair.make());
      const [here, there] = [owned.use(await TestHome.make()), owned.use(await TestHome.make())];
      const port = await freePort();
      const config = join(here.base, "nats-server.conf");
      const { stdout } = await peek(here.base, "nats", "permissions");
      await writeFile(config, `listen: 0.0.0.0:${port}\n${stdout}`);
      const passwords = serviceNames.map((name) => [`PEEK_NATS_${name.toUpperCase()}_PASSWORD`, `of-${name}`]);
      const server = network.run(network.near, "nats-server", {
        args: ["-c", config],
        env: Object.fromEntries(passwords),
      });
      owned.use(server);
      const way = await network.wayTo(port);
      const over = (host: string, service: "logic" | "agent"): ServiceConfigInput => ({
        dataExchange: { heartbeatSeconds: 1, nats: { servers: [`nats://${host}:${port}`], password: `of-${service}` } },
      });
      const logic = await ProbedService.beside(here, "logic", over("127.0.0.1", "logic"));
      const agent = await ProbedService.beside(there, "agent", over(way.host, "agent"));
      const logicProcess = owned.use(logic.runOn(network, network.near));
      const agentProcess = owned.use(agent.runOn(network, network.far));
      await Promise.all([logicProcess, agentProcess].map((process) => process.waitFor(/Connected to NATS/)));
      await converges({ network, logic, agent, logicProcess, agentProcess });
    },
    240_000,
  );
});

/** Whether the program nats-server is installed. */
function hasNats(): boolean {
  try {
    execFileSync("nats-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
