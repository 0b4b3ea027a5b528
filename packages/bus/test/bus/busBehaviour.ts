import type { PeekErrorCode } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Bus } from "../../src/Bus.ts";
import { makeInstanceName } from "../../src/instanceName.ts";
import { BusRecorder } from "./BusRecorder.ts";
import { type BusHarness, connected, member } from "./BusHarness.ts";

/** What each driver of the bus does. */
export function busBehaviour(driver: string, isRemote: boolean, makeHarness: () => Promise<BusHarness>): void {
  describe(`the bus over ${driver}`, () => {
    let harness: BusHarness;
    let owned = new AsyncDisposableStack();

    beforeAll(async () => {
      harness = await makeHarness();
    });

    afterEach(async () => {
      await owned.disposeAsync();
      owned = new AsyncDisposableStack();
    });

    afterAll(async () => {
      await harness[Symbol.asyncDispose]();
    });

    const open = async (service: ServiceName, observer = false): Promise<{ bus: Bus; ear: BusRecorder }> => {
      const bus = owned.use(harness.open(service, member(service, observer)));
      const ear = new BusRecorder(bus);
      return { bus: await connected(bus), ear };
    };

    /** The order of the two names is that in which they were opened. */
    const openPair = async (): Promise<{ logic: Bus; agent: Bus; logicEar: BusRecorder; agentEar: BusRecorder }> => {
      const { bus: logic, ear: logicEar } = await open("logic");
      const { bus: agent, ear: agentEar } = await open("agent");
      await logic.watch("agent");
      await agent.watch("logic");
      await present(logic, logicEar, agent);
      return { logic, agent, logicEar, agentEar };
    };

    describe("texts", () => {
      it("come in order, each once, from whom they are, whatever their size", { timeout: 60_000 }, async () => {
        const { logic, agent, logicEar, agentEar } = await openPair();
        const { bus: other, ear: otherEar } = await open("agent");
        await other.watch("logic");
        await logic.watch("agent");
        await logicEar.until(() => logic.peers("agent").length === 2);
        const count = 10_000;
        for (let n = 0; n < count; n += 1) {
          agent.send(logic.self, numbered(n));
          other.send(logic.self, numbered(n));
          // What comes in meanwhile is not taken within one turn.
          if (n % 500 === 499) await turn();
          if (n < 1000) logic.send(agent.self, numbered(n));
        }
        await logicEar.until(() => logicEar.texts.length === 2 * count, "all are there", 50_000);
        await agentEar.until(() => agentEar.texts.length === 1000);
        const expected = Array.from({ length: count }, (_, n) => numbered(n));
        for (const sender of [agent, other]) {
          const texts = logicEar.texts.filter(({ from }) => from.instance === sender.self.instance);
          expect(texts.findIndex(({ text }, n) => text !== expected[n])).toBe(-1);
          expect(texts.every(({ from }) => from.service === "agent")).toBe(true);
          expect(texts).toHaveLength(count);
        }
        expect(agentEar.texts.map(({ text }) => text)).toEqual(expected.slice(0, 1000));
        expect(otherEar.texts).toEqual([]);
      });

      it("arrive as they are: empty, with tabs, in all languages, and with what looks like a frame", async () => {
        const { logic, agent, logicEar } = await openPair();
        const texts = [
          "",
          "",
          "\t",
          "a\tb\t",
          "äöü ß 日本語 🚀 \u0000 \u2028",
          "\uFEFFmark",
          "m",
          "+agent",
          "",
          '{"a":1}',
          "\r",
        ];
        for (const text of texts) agent.send(logic.self, text);
        await logicEar.until(() => logicEar.texts.length === texts.length);
        agent.send(logic.self, "");
        await logicEar.until(() => logicEar.texts.length === texts.length + 1);
        expect(logicEar.texts.map(({ text }) => text)).toEqual([...texts, ""]);
      });

      it("may be as large as is said, and no larger", { timeout: 30_000 }, async () => {
        const { logic, agent, logicEar } = await openPair();
        const largest = "ä".repeat(agent.maxMessageBytes / 2);
        expect(() => agent.send(logic.self, `${largest}.`)).toThrow(withCode("VORTEX_MESSAGE_TOO_LARGE"));
        agent.send(logic.self, largest);
        agent.send(logic.self, "after");
        await logicEar.until(() => logicEar.texts.length === 2, "the largest text is there", 25_000);
        expect(logicEar.texts[0]?.text === largest).toBe(true);
        expect(logicEar.texts[1]?.text).toBe("after");
      });

      it("go to one of several, and to itself", async () => {
        const { bus: logic, ear: logicEar } = await open("logic");
        const agents = [await open("agent"), await open("agent"), await open("agent")];
        await logic.watch("agent");
        await logic.watch("logic");
        await logicEar.until(() => logic.peers("agent").length === 3);
        for (const [n, { bus }] of agents.entries()) logic.send(bus.self, `for ${n}`);
        logic.send(logic.self, "for myself");
        for (const [n, { ear }] of agents.entries()) {
          await ear.until(() => ear.texts.length > 0);
          expect(ear.texts).toEqual([{ from: logic.self, text: `for ${n}` }]);
        }
        await logicEar.until(() => logicEar.texts.length > 0);
        expect(logicEar.texts).toEqual([{ from: logic.self, text: "for myself" }]);
      });

      it("can be answered by whoever gets them, watched or not", async () => {
        const { bus: agent, ear: agentEar } = await open("agent");
        const { bus: logic, ear: logicEar } = await open("logic");
        await agent.watch("logic");
        await present(agent, agentEar, logic);
        agent.send(logic.self, "question");
        await logicEar.until(() => logicEar.texts.length > 0);
        logic.send(from(logicEar), "answer");
        await agentEar.until(() => agentEar.texts.length > 0);
        expect(agentEar.texts).toEqual([{ from: logic.self, text: "answer" }]);
      });

      it("for nobody are an error at once", async () => {
        const { bus: agent, ear } = await open("agent");
        await agent.watch("logic");
        const stranger: PeerIdentity = { service: "logic", instance: makeInstanceName("logic") };
        expect(() => agent.send(stranger, "text")).toThrow(withCode("VORTEX_NOBODY"));
        const logic = harness.open("logic", member("logic"));
        await present(agent, ear, await connected(logic));
        agent.send(logic.self, "text");
        await logic[Symbol.asyncDispose]();
        await ear.until(() => agent.peers("logic").length === 0);
        expect(() => agent.send(logic.self, "text")).toThrow(withCode("VORTEX_NOBODY"));
      });

      it("are never told of from within send", async () => {
        const { logic, agent } = await openPair();
        const order: string[] = [];
        agent.onMessage((_from, text) => void order.push(text));
        logic.onMessage((from, text) => {
          logic.send(from, `${text}, answered`);
          order.push(text);
        });
        agent.onGone((instance) => void order.push(instance));
        agent.send(logic.self, "question");
        order.push("sent");
        await until(
          () => order.length === 3,
          () => order.join(),
        );
        expect(order).toEqual(["sent", "question", "question, answered"]);
      });
    });

    describe("presence", () => {
      it("has who was there before and who comes after, in order, and the array stays as it is", async () => {
        const first = await open("agent");
        const second = await open("agent");
        const { bus: logic, ear } = await open("logic");
        expect(logic.peers("agent")).toEqual([]);
        await logic.watch("agent");
        const early = logic.peers("agent");
        expect(early.map(instanceOf)).toEqual([first.bus.self.instance, second.bus.self.instance]);
        expect(logic.peers("agent")).toBe(early);
        const third = await open("agent");
        await present(logic, ear, third.bus);
        expect(early).toHaveLength(2);
        expect(logic.peers("agent")).not.toBe(early);
        expect(logic.peers("agent").map(instanceOf).at(-1)).toBe(third.bus.self.instance);
        expect(ear.news).toEqual([first, second, third].map(({ bus }) => `joined ${bus.self.instance}`));
        await logic.watch("agent");
        expect(ear.news).toHaveLength(3);
      });

      it("is complete for everybody who waits for it", async () => {
        const { bus: agent } = await open("agent");
        const { bus: logic } = await open("logic");
        const seen = [1, 2, 3].map(async () => {
          await logic.watch("agent");
          return logic.peers("agent").map(instanceOf);
        });
        expect(await Promise.all(seen)).toEqual([1, 2, 3].map(() => [agent.self.instance]));
      });

      it("says what each is, and what it serves", async () => {
        const { bus: agent } = await open("agent");
        agent.announce(["peek_plugin_b.Calls", "peek_plugin_a.Calls"].sort());
        const { bus: logic, ear } = await open("logic");
        await logic.watch("agent");
        await ear.until(() => logic.peers("agent")[0]?.serves.length === 2);
        const [peer] = logic.peers("agent");
        expect(peer).toMatchObject({ ...agent.self, version: "1.2.3", since: "2025-01-02T03:04:05.678Z" });
        expect(peer?.serves).toEqual(["peek_plugin_a.Calls", "peek_plugin_b.Calls"]);
        expect(Date.parse(peer?.connectedSince ?? "")).toBeGreaterThan(Date.now() - 60_000);
        expect(peer?.address).toMatch(/^(local|127\.0\.0\.1)$/);
        const before = logic.peers("agent");
        agent.announce(["peek_plugin_c.Calls"]);
        await ear.until(() => ear.changes.at(-1)?.peer.serves[0] === "peek_plugin_c.Calls");
        expect(ear.changes.at(-1)?.kind).toBe("updated");
        expect(logic.peers("agent")).not.toBe(before);
        expect(logic.peers("agent")[0]?.serves).toEqual(["peek_plugin_c.Calls"]);
      });

      it("has oneself among those of the service", async () => {
        const first = await open("agent");
        await first.bus.watch("agent");
        await present(first.bus, first.ear, first.bus);
        expect(first.bus.peers("agent")).toMatchObject([{ ...first.bus.self, address: "local", serves: [] }]);
        first.bus.announce(["peek_plugin_a.Calls"]);
        await first.ear.until(() => first.bus.peers("agent")[0]?.serves.length === 1);
        const second = await open("agent");
        await present(first.bus, first.ear, second.bus);
        expect(first.bus.peers("agent").map(instanceOf)).toEqual([first, second].map(({ bus }) => bus.self.instance));
      });

      it("is of what was watched before the bus was connected, too", async () => {
        const { bus: agent } = await open("agent");
        const logic = owned.use(harness.open("logic", member("logic")));
        const ear = new BusRecorder(logic);
        await logic.watch("agent");
        await present(await connected(logic), ear, agent);
        expect(logic.peers("agent").map(instanceOf)).toEqual([agent.self.instance]);
      });

      it("is of nobody who only looks on, though that one may send and is answered", async () => {
        const { bus: logic, ear: logicEar } = await open("logic");
        await logic.watch("agent");
        const { bus: observer, ear } = await open("agent", true);
        await observer.watch("logic");
        await observer.watch("agent");
        await present(observer, ear, logic);
        observer.announce(["peek_plugin_a.Calls"]);
        observer.send(logic.self, "question");
        await logicEar.until(() => logicEar.texts.length > 0);
        expect(logicEar.texts).toEqual([{ from: observer.self, text: "question" }]);
        logic.send(from(logicEar), "answer");
        await ear.until(() => ear.texts.length > 0);
        expect([logic.peers("agent"), observer.peers("agent"), logicEar.changes]).toEqual([[], [], []]);
        await observer[Symbol.asyncDispose]();
        await logicEar.until(() => logicEar.gone.includes(observer.self.instance));
        expect(logicEar.changes).toEqual([]);
      });
    });

    describe("an end", () => {
      it("is told at once: to those who watch, and to those who had to do with it", async () => {
        const { bus: logic, ear: logicEar } = await open("logic");
        const { bus: office, ear: officeEar } = await open("office");
        const agent = await connected(harness.open("agent", member("agent")));
        await logic.watch("agent");
        await agent.watch("office");
        await new BusRecorder(agent).until(() => agent.peers("office").length === 1);
        agent.send(office.self, "hello");
        await officeEar.until(() => officeEar.texts.length > 0);
        await agent[Symbol.asyncDispose]();
        await logicEar.until(() => logicEar.gone.includes(agent.self.instance), "it is gone for logic", 1000);
        await officeEar.until(() => officeEar.gone.includes(agent.self.instance), "it is gone for office", 1000);
        expect(logicEar.news).toEqual([`joined ${agent.self.instance}`, `left ${agent.self.instance}`]);
        expect(logic.peers("agent")).toEqual([]);
        expect(officeEar.changes).toEqual([]);
        // Not watched: whether it is known to be gone may be known elsewhere only, which then tells it again.
        const again = officeEar.gone.length;
        try {
          office.send(agent.self, "text");
          await officeEar.until(() => officeEar.gone.length > again, "it is told again that it is gone", 1000);
        } catch (error) {
          expect(error).toEqual(withCode("VORTEX_NOBODY"));
        }
      });

      it("comes after what was sent before it", async () => {
        const { bus: logic, ear } = await open("logic");
        const agent = await connected(harness.open("agent", member("agent")));
        await agent.watch("logic");
        await new BusRecorder(agent).until(() => agent.peers("logic").length === 1);
        agent.send(logic.self, "last words");
        await agent[Symbol.asyncDispose]();
        await ear.until(() => ear.gone.length > 0);
        expect(ear.texts.map(({ text }) => text)).toEqual(["last words"]);
      });

      it("leaves nothing behind", async () => {
        const { bus: logic, ear } = await open("logic");
        await logic.watch("agent");
        const resources = (): readonly string[] => process.getActiveResourcesInfo().filter(isOfBus).sort();
        const before = resources();
        const agent = harness.open("agent", member("agent"));
        const states: string[] = [];
        agent.onState((state) => void states.push(state));
        await present(logic, ear, await connected(agent));
        await agent.watch("logic");
        await agent.watch("agent");
        agent.send(logic.self, "text");
        await agent[Symbol.asyncDispose]();
        await agent[Symbol.asyncDispose]();
        expect(agent.state).toBe("closed");
        expect(states.at(-1)).toBe("closed");
        expect(() => agent.send(logic.self, "text")).toThrow(withCode("VORTEX_CLOSED"));
        expect(agent.peers("logic")).toEqual([]);
        await agent.watch("office");
        await ear.until(() => logic.peers("agent").length === 0);
        await until(
          () => resources().length <= before.length,
          () => `${resources().join()} after ${before.join()}`,
        );
      });
    });

    if (!isRemote) return;

    it("tells within a second that a process was killed", { timeout: 30_000 }, async () => {
      const spawn = required(harness.spawn);
      const { bus: logic, ear } = await open("logic");
      await logic.watch("agent");
      const { bus: office, ear: officeEar } = await open("office");
      await office.watch("agent");
      const agent = await spawn("agent");
      await ear.until(() => logic.peers("agent").length === 1);
      await officeEar.until(() => office.peers("agent").length === 1);
      logic.send(agent.identity, "are you there?");
      await ear.until(() => ear.texts.length > 0);
      expect(ear.texts).toEqual([{ from: agent.identity, text: "echo: are you there?" }]);
      const killedAt = performance.now();
      agent.kill();
      await ear.until(() => ear.gone.length > 0);
      expect(performance.now() - killedAt).toBeLessThan(1000);
      expect(ear.news.at(-1)).toBe(`left ${agent.identity.instance}`);
      expect(() => logic.send(agent.identity, "text")).toThrow(withCode("VORTEX_NOBODY"));
      await officeEar.until(() => officeEar.gone.length > 0);
    });

    describe("without a network", () => {
      it("has nobody, and is as before when it is there again", { timeout: 30_000 }, async () => {
        const network = required(harness.network);
        const { logic, agent, logicEar, agentEar } = await openPair();
        logic.announce(["peek_plugin_a.Calls"]);
        await agentEar.until(() => agent.peers("logic")[0]?.serves.length === 1);
        await network.cut();
        await logicEar.until(() => logic.state === "connecting");
        await agentEar.until(() => agent.state === "connecting");
        expect(logic.peers("agent")).toEqual([]);
        expect(agentEar.news.at(-1)).toBe(`left ${logic.self.instance}`);
        expect(() => agent.send(logic.self, "text")).toThrow(withCode("VORTEX_DISCONNECTED"));
        await agent.watch("office");
        await network.restore();
        await connected(logic);
        await connected(agent);
        await present(logic, logicEar, agent);
        await present(agent, agentEar, logic);
        expect(agent.peers("logic")[0]?.serves).toEqual(["peek_plugin_a.Calls"]);
        expect(agentEar.states.slice(-2)).toEqual(["connecting", "connected"]);
        agent.send(logic.self, "again");
        await logicEar.until(() => logicEar.texts.length > 0);
        logic.send(from(logicEar), "and back");
        await agentEar.until(() => agentEar.texts.length > 0);
        expect([logicEar, agentEar].flatMap(({ texts }) => texts.map(({ text }) => text))).toEqual([
          "again",
          "and back",
        ]);
        const { bus: office } = await open("office");
        await present(agent, agentEar, office);
      });

      it("is waited for, and can be given up", { timeout: 30_000 }, async () => {
        const network = required(harness.network);
        await network.cut();
        const early = owned.use(harness.open("logic", member("logic")));
        await early.watch("agent");
        expect(early.state).toBe("connecting");
        expect(early.peers("agent")).toEqual([]);
        const stranger: PeerIdentity = { service: "agent", instance: makeInstanceName("agent") };
        expect(() => early.send(stranger, "text")).toThrow(withCode("VORTEX_DISCONNECTED"));
        const given = harness.open("agent", member("agent"));
        await given[Symbol.asyncDispose]();
        expect(given.state).toBe("closed");
        await network.restore();
        await connected(early);
      });
    });
  });
}

/** Waits until somebody is there. */
async function present(bus: Bus, ear: BusRecorder, other: Bus): Promise<void> {
  const { service, instance } = other.self;
  await ear.until(() => bus.peers(service).some((peer) => peer.instance === instance), `${instance} is there`);
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("The harness of a driver between processes has to have it.");
  return part;
}

/** Whom the first text is from. */
function from(ear: BusRecorder): PeerIdentity {
  const [first] = ear.texts;
  if (first === undefined) throw new Error("There is no text.");
  return first.from;
}

/** A text of its own for each number: mostly short, some long, a few longer than a megabyte. */
function numbered(n: number): string {
  const length = n % 5000 === 77 ? 1_500_000 : n % 1000 === 5 ? 80_000 : n % 150;
  return `${n} ${"ab ".repeat(length / 3)}`;
}

function withCode(code: PeekErrorCode): unknown {
  return expect.objectContaining({ code });
}

function instanceOf(peer: Peer): string {
  return peer.instance;
}

function isOfBus(resource: string): boolean {
  return ["Timeout", "TCPSocketWrap", "TCPServerWrap", "TLSWrap", "Immediate"].includes(resource);
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits for what nothing tells of. */
async function until(isSo: () => boolean, what: () => string): Promise<void> {
  for (const start = performance.now(); !isSo(); await turn()) {
    if (performance.now() - start > 5000) throw new Error(`Not within 5 s: ${what()}`);
  }
}
