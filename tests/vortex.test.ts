import type { ServiceConfigInput } from "@peek/config";
import { type ServiceName, serviceNames } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { TestHome } from "./src/TestHome.ts";
import { ProbedService } from "./src/vortexProbe.ts";

interface Running {
  readonly service: ProbedService;
  readonly process: RunningProcess;
  /** The folder that contains only its home. */
  readonly base: TestHome;
}

describe("three workers", () => {
  const owned = new AsyncDisposableStack();
  let base: TestHome;
  let logic: RunningProcess;
  let office: ProbedService;
  let workers: readonly Running[];

  const startWorker = async (port: number): Promise<Running> => {
    const token = (await peek(base.base, "token", "create", "worker")).stdout.trim();
    const own = owned.use(await TestHome.make());
    const service = await ProbedService.beside(own, "worker", { dataExchange: { httpPort: port, token } });
    return { service, process: owned.use(await service.start()), base: own };
  };

  beforeAll(async () => {
    base = owned.use(await TestHome.make());
    const port = await freePort();
    const logicService = await ProbedService.beside(base, "logic", {
      httpServer: { dataExchange: { sitePort: port } },
    });
    logic = owned.use(await logicService.start());
    office = await ProbedService.beside(base, "office", { dataExchange: { httpPort: port } });
    const started = await Promise.all([office.start(), startWorker(port), startWorker(port), startWorker(port)]);
    owned.use(started[0]);
    workers = started.slice(1) as readonly Running[];
    for (const { process } of workers) await process.waitFor(/Connected to the logic service/);
    await vi.waitFor(async () => expect(await peekWorkers()).toHaveLength(3), { timeout: 60_000, interval: 20 });
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const peekWorkers = async (): Promise<readonly string[]> =>
    (await office.presence()).filter((line) => line.startsWith("joined worker-"));
  const ranOf = async (id: number): Promise<number> => {
    const all = await Promise.all(workers.map(({ service }) => service.ran()));
    return all.flat().filter((each) => each === id).length;
  };
  /** The worker on which a call hangs. */
  const hangingOn = async (id: number): Promise<Running> =>
    await Promise.any(
      workers.map(async (worker) => {
        await worker.process.waitFor(new RegExp(`:Hangs ${id}$`));
        return worker;
      }),
    );
  const endedOn = async ({ process }: Running, id: number): Promise<{ code: string; at: number }> => {
    const line = await process.waitFor(new RegExp(`:Ended ${id} `));
    const [code = "", at = ""] = line.split(" ").slice(-2);
    return { code, at: Number(at) };
  };

  it("execute a call to any one of them exactly once", async () => {
    const ids = Array.from({ length: 60 }, (_, index) => 1000 + index);
    const answers = await Promise.all(ids.map((id) => office.call({ to: "worker", procedure: "note", id })));
    expect(answers.map(({ instances }) => instances.length)).toEqual(ids.map(() => 1));
    for (const id of ids) expect(await ranOf(id)).toBe(1);
    expect(new Set(answers.flatMap(({ instances }) => instances)).size).toBeGreaterThan(1);
  });

  it("each execute a call to all of them", async () => {
    const { instances } = await office.call({ to: "worker", procedure: "note", id: 1, all: true });
    expect(new Set(instances).size).toBe(3);
    for (const { service } of workers) expect(await service.ran()).toContain(1);
    expect(await ranOf(1)).toBe(3);
  });

  it("refuse a forbidden caller at once, and log its name once", async () => {
    const answers = [];
    for (let n = 0; n < 11; n += 1) answers.push(await office.call({ to: "worker", procedure: "agentsOnly", id: 2 }));
    for (const { code, message } of answers) {
      expect(code).toBe("FORBIDDEN");
      expect(message).toMatch(/^The office service may not call .*; only agent may\.$/);
    }
    const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
    expect(times[5]).toBeLessThan(50);
    expect(times[10]).toBeLessThan(1000);
    expect(await ranOf(2)).toBe(0);
    const lines = workers.flatMap(({ process }) => process.lines.filter((line) => line.includes("was refused")));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(3);
    for (const line of lines) {
      expect(line).toMatch(
        /A call of \S+agentsOnly by office-\w{10} of the office service was refused: only agent may call it/,
      );
    }
  });

  it("are notified when the caller cancels", async () => {
    const early: number[] = [];
    for (const id of [20, 21, 22]) {
      const asked = office.call({ to: "worker", procedure: "hang", id, abortAfterMs: 300 });
      const { code, at } = await endedOn(await hangingOn(id), id);
      expect(code).toBe("CALL_CANCELLED");
      const answer = await asked;
      expect(answer.code).toBeDefined();
      early.push(Math.abs(at - answer.calledAt - 300), Math.abs(answer.ms - 300));
    }
    expect(Math.min(...early)).toBeLessThan(100);
    expect(Math.max(...early)).toBeLessThan(2000);
  });

  it("are notified when the deadline passes", async () => {
    const late: number[] = [];
    for (const id of [30, 31, 32]) {
      const asked = office.call({ to: "worker", procedure: "hang", id, deadlineMs: 400 });
      const { code, at } = await endedOn(await hangingOn(id), id);
      expect(code).toBe("DEADLINE_EXCEEDED");
      const answer = await asked;
      expect(answer.code).toBe("DEADLINE_EXCEEDED");
      late.push(Math.abs(at - answer.calledAt - 400), Math.abs(answer.ms - 400));
    }
    expect(Math.min(...late)).toBeLessThan(100);
    expect(Math.max(...late)).toBeLessThan(2000);
  });

  it("cause PEER_GONE at once for waiting callers when they are killed", async () => {
    const asked = office.call({ to: "worker", procedure: "hang", id: 40 });
    const worker = await hangingOn(40);
    const killedAt = Date.now();
    worker.process.kill("SIGKILL");
    const { code, message, answeredAt } = await asked;
    expect(code).toBe("PEER_GONE");
    expect(message).toMatch(/^worker-\w+ ended, .* It is not known whether the call was executed\.$/);
    expect(answeredAt - killedAt).toBeLessThan(1000);
    await worker.process.ended;
    const { instances } = await office.call({ to: "worker", procedure: "note", id: 41, all: true });
    expect(instances).toHaveLength(2);
    workers = workers.filter((each) => each !== worker);
  });

  it("are disconnected when their token is revoked, and log the reason once", async () => {
    const [worker, other] = workers;
    if (worker === undefined || other === undefined) throw new Error("There are not two left.");
    const { instances } = await office.call({ to: "worker", procedure: "note", id: 50, all: true });
    expect(instances).toHaveLength(2);
    const id = /"token":\s*"peek_worker_([a-z2-7]{8})_/.exec(await worker.service.home.readConfig())?.[1] ?? "";
    expect((await peek(base.base, "token", "revoke", id)).code).toBe(0);
    const revokedAt = performance.now();
    await worker.process.waitFor(/Lost the logic service/);
    expect(performance.now() - revokedAt).toBeLessThan(1000);
    await worker.process.waitFor(new RegExp(`refuses this service: its token ${id} has been revoked`));
    await logic.waitFor(new RegExp(`worker-\\w+ has token ${id}, which is no longer valid; its connection was cut$`));
    await logic.waitFor(new RegExp(`a connection was refused: its token ${id} has been revoked`));
    const after = await office.call({ to: "worker", procedure: "note", id: 51, all: true });
    expect(after.instances).toHaveLength(1);
    for (const { process } of [worker, { process: logic }]) {
      const logged = process.lines.filter((line) => line.includes(`token ${id} has been revoked`));
      expect(logged).toHaveLength(1);
    }
    expect(other.process.lines.filter((line) => line.includes("Lost"))).toEqual([]);
  });
});

describe("services that start before logic", () => {
  const others = serviceNames.filter((name) => name !== "logic");

  it("wait for it, and reconnect after it was killed, with one log line each", async () => {
    await using owned = new AsyncDisposableStack();
    const base = owned.use(await TestHome.make());
    const port = await freePort();
    const config: ServiceConfigInput = { dataExchange: { httpPort: port } };
    const started = await Promise.all(
      others.map(async (name) => {
        const service = await ProbedService.beside(base, name, config);
        const process = owned.use(await service.start());
        await process.waitFor(/Waiting for the logic service at ws:\/\/127\.0\.0\.1:\d+: /);
        return { name, service, process };
      }),
    );
    const agent = started.find(({ name }) => name === "agent")?.service;
    if (agent === undefined) throw new Error("There is no agent.");
    expect(await agent.call({ to: "logic", procedure: "note", id: 1 })).toMatchObject({
      code: expect.stringMatching(/^VORTEX_(DISCONNECTED|NOBODY)$/),
    });

    const waiting = agent.call({ to: "logic", procedure: "note", id: 2, wait: true });
    const logic = await ProbedService.beside(base, "logic", { httpServer: { dataExchange: { sitePort: port } } });
    const first = owned.use(await logic.start());
    await Promise.all(started.map(({ process }) => process.waitFor(/Connected to the logic service/)));
    expect((await waiting).instances).toEqual([expect.stringMatching(/^logic-/)]);
    await everyoneCalls(agent, 3);

    first.kill("SIGKILL");
    await first.ended;
    await Promise.all(started.map(({ process }) => process.waitFor(/Lost the logic service/)));
    owned.use(await logic.start());
    await Promise.all(started.map(({ process }) => process.waitFor(/Reconnected to the logic service/)));
    await everyoneCalls(agent, 4);

    const { code, stdout } = await peek(base.base, "status", "--json");
    expect(code).toBe(0);
    const seen = JSON.parse(stdout) as readonly { peer: { service: ServiceName }; status: { plugins: unknown[] } }[];
    expect(seen.map(({ peer }) => peer.service).sort()).toEqual([...serviceNames].sort());
    for (const { status } of seen)
      expect(status.plugins).toMatchObject([{ name: "peek_plugin_probe", state: "started" }]);

    for (const { process } of started) {
      const lines = process.lines.filter((line) => line.includes("the logic service"));
      for (const begin of ["Waiting for", "Connected to", "Lost", "Reconnected to"]) {
        expect(
          lines.filter((line) => line.includes(`:${begin} the logic service`)),
          begin,
        ).toHaveLength(1);
      }
      // In between, it logs each new reason once; their number depends on timing.
      const again = lines.findIndex((line) => line.includes(":Lost "));
      for (const outage of [lines.slice(0, again), lines.slice(again)]) {
        expect(new Set(outage).size, outage.join("\n")).toBe(outage.length);
        expect(outage.length, outage.join("\n")).toBeLessThanOrEqual(5);
      }
    }
  });

  /** Has the agent call logic, and through it every other service. */
  async function everyoneCalls(agent: ProbedService, id: number): Promise<void> {
    for (const to of serviceNames) {
      const answer = await agent.call({ to, procedure: "note", id, wait: true, deadlineMs: 60_000 });
      expect(answer.instances, `${to}: ${answer.message ?? ""}`).toEqual([
        expect.stringMatching(new RegExp(`^${to}-`)),
      ]);
    }
  }
});
