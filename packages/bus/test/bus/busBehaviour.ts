import { setTimeout as delay } from "node:timers/promises";
import type { PeekErrorCode } from "@peek/errors";
import type { Peer, PeerIdentity, ServiceName } from "@peek/plugin-base";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Bus } from "../../src/Bus.ts";
import { makeInstanceName } from "../../src/instanceName.ts";
import { BusRecorder } from "./BusRecorder.ts";
import { type BusHarness, connected, member } from "./BusHarness.ts";

/** The behaviour of every driver of the bus. */
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

    const open = async (service: ServiceName, observer = false): Promise<{ bus: Bus; recorder: BusRecorder }> => {
      const bus = owned.use(harness.open(service, member(service, observer)));
      const recorder = new BusRecorder(bus);
      return { bus: await connected(bus), recorder };
    };

    /** The two instances, in the order in which they were opened. */
    const openPair = async (): Promise<{
      logic: Bus;
      agent: Bus;
      logicRecorder: BusRecorder;
      agentRecorder: BusRecorder;
    }> => {
      const { bus: logic, recorder: logicRecorder } = await open("logic");
      const { bus: agent, recorder: agentRecorder } = await open("agent");
      await logic.watch("agent");
      await agent.watch("logic");
      await present(logic, logicRecorder, agent);
      return { logic, agent, logicRecorder, agentRecorder };
    };

    describe("messages", () => {
      it("arrive in order, exactly once, with the identity of their sender, at any size", async () => {
        const { logic, agent, logicRecorder, agentRecorder } = await openPair();
        const { bus: other, recorder: otherRecorder } = await open("agent");
        await other.watch("logic");
        await logic.watch("agent");
        await logicRecorder.until(() => logic.peers("agent").length === 2);
        const count = 10_000;
        for (let n = 0; n < count; n += 1) {
          agent.send(logic.self, numbered(n));
          other.send(logic.self, numbered(n));
          // Lets the event loop receive data between the messages.
          if (n % 500 === 499) await turn();
          if (n < 1000) logic.send(agent.self, numbered(n));
        }
        await logicRecorder.until(() => logicRecorder.texts.length === 2 * count, "all are there", 50_000);
        await agentRecorder.until(() => agentRecorder.texts.length === 1000);
        const expected = Array.from({ length: count }, (_, n) => numbered(n));
        for (const sender of [agent, other]) {
          const texts = logicRecorder.texts.filter(({ from }) => from.instance === sender.self.instance);
          expect(texts.findIndex(({ text }, n) => text !== expected[n])).toBe(-1);
          expect(texts.every(({ from }) => from.service === "agent")).toBe(true);
          expect(texts).toHaveLength(count);
        }
        expect(agentRecorder.texts.map(({ text }) => text)).toEqual(expected.slice(0, 1000));
        expect(otherRecorder.texts).toEqual([]);
      });

      it("arrive unchanged: empty, with tabs, in all languages, and with content that looks like a frame", async () => {
        const { logic, agent, logicRecorder } = await openPair();
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
        await logicRecorder.until(() => logicRecorder.texts.length === texts.length);
        agent.send(logic.self, "");
        await logicRecorder.until(() => logicRecorder.texts.length === texts.length + 1);
        expect(logicRecorder.texts.map(({ text }) => text)).toEqual([...texts, ""]);
      });

      it("may have maxMessageBytes, and not more", async () => {
        const { logic, agent, logicRecorder } = await openPair();
        const largest = "ä".repeat(agent.maxMessageBytes / 2);
        expect(() => agent.send(logic.self, `${largest}.`)).toThrow(withCode("VORTEX_MESSAGE_TOO_LARGE"));
        agent.send(logic.self, largest);
        agent.send(logic.self, "after");
        await logicRecorder.until(() => logicRecorder.texts.length === 2, "the largest text is there", 25_000);
        expect(logicRecorder.texts[0]?.text === largest).toBe(true);
        expect(logicRecorder.texts[1]?.text).toBe("after");
      });

      it("reach only their receiver, which may be the sender itself", async () => {
        const { bus: logic, recorder: logicRecorder } = await open("logic");
        const agents = [await open("agent"), await open("agent"), await open("agent")];
        await logic.watch("agent");
        await logic.watch("logic");
        await logicRecorder.until(() => logic.peers("agent").length === 3);
        for (const [n, { bus }] of agents.entries()) logic.send(bus.self, `for ${n}`);
        logic.send(logic.self, "for myself");
        for (const [n, { recorder }] of agents.entries()) {
          await recorder.until(() => recorder.texts.length > 0);
          expect(recorder.texts).toEqual([{ from: logic.self, text: `for ${n}` }]);
        }
        await logicRecorder.until(() => logicRecorder.texts.length > 0);
        expect(logicRecorder.texts).toEqual([{ from: logic.self, text: "for myself" }]);
      });

      it("can be answered by their receiver, watched or not", async () => {
        const { bus: agent, recorder: agentRecorder } = await open("agent");
        const { bus: logic, recorder: logicRecorder } = await open("logic");
        await agent.watch("logic");
        await present(agent, agentRecorder, logic);
        agent.send(logic.self, "question");
        await logicRecorder.until(() => logicRecorder.texts.length > 0);
        logic.send(from(logicRecorder), "answer");
        await agentRecorder.until(() => agentRecorder.texts.length > 0);
        expect(agentRecorder.texts).toEqual([{ from: logic.self, text: "answer" }]);
      });

      it("to an instance that is not connected fail at once", async () => {
        const { bus: agent, recorder } = await open("agent");
        await agent.watch("logic");
        const stranger: PeerIdentity = { service: "logic", instance: makeInstanceName("logic") };
        expect(() => agent.send(stranger, "text")).toThrow(withCode("VORTEX_NOBODY"));
        const logic = harness.open("logic", member("logic"));
        await present(agent, recorder, await connected(logic));
        agent.send(logic.self, "text");
        await logic[Symbol.asyncDispose]();
        await recorder.until(() => agent.peers("logic").length === 0);
        expect(() => agent.send(logic.self, "text")).toThrow(withCode("VORTEX_NOBODY"));
      });

      it("are never delivered from within send()", async () => {
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
      it("lists earlier and later instances in order, in an array that never changes", async () => {
        const first = await open("agent");
        const second = await open("agent");
        const { bus: logic, recorder } = await open("logic");
        expect(logic.peers("agent")).toEqual([]);
        await logic.watch("agent");
        const early = logic.peers("agent");
        expect(early.map(instanceOf)).toEqual([first.bus.self.instance, second.bus.self.instance]);
        expect(logic.peers("agent")).toBe(early);
        const third = await open("agent");
        await present(logic, recorder, third.bus);
        expect(early).toHaveLength(2);
        expect(logic.peers("agent")).not.toBe(early);
        expect(logic.peers("agent").map(instanceOf).at(-1)).toBe(third.bus.self.instance);
        expect(recorder.news).toEqual([first, second, third].map(({ bus }) => `joined ${bus.self.instance}`));
        await logic.watch("agent");
        expect(recorder.news).toHaveLength(3);
      });

      it("is complete for all callers that wait for it", async () => {
        const { bus: agent } = await open("agent");
        const { bus: logic } = await open("logic");
        const seen = [1, 2, 3].map(async () => {
          await logic.watch("agent");
          return logic.peers("agent").map(instanceOf);
        });
        expect(await Promise.all(seen)).toEqual([1, 2, 3].map(() => [agent.self.instance]));
      });

      it("describes each instance and its contracts", async () => {
        const { bus: agent } = await open("agent");
        agent.announce(["peek_plugin_b.Calls", "peek_plugin_a.Calls"].sort());
        const { bus: logic, recorder } = await open("logic");
        await logic.watch("agent");
        await recorder.until(() => logic.peers("agent")[0]?.serves.length === 2);
        const [peer] = logic.peers("agent");
        expect(peer).toMatchObject({ ...agent.self, version: "1.2.3", since: "2025-01-02T03:04:05.678Z" });
        expect(peer?.serves).toEqual(["peek_plugin_a.Calls", "peek_plugin_b.Calls"]);
        expect(Date.parse(peer?.connectedSince ?? "")).toBeGreaterThan(Date.now() - 60_000);
        expect(peer?.address).toMatch(/^(local|127\.0\.0\.1)$/);
        const before = logic.peers("agent");
        agent.announce(["peek_plugin_c.Calls"]);
        await recorder.until(() => recorder.changes.at(-1)?.peer.serves[0] === "peek_plugin_c.Calls");
        expect(recorder.changes.at(-1)?.kind).toBe("updated");
        expect(logic.peers("agent")).not.toBe(before);
        expect(logic.peers("agent")[0]?.serves).toEqual(["peek_plugin_c.Calls"]);
      });

      it("includes the process itself", async () => {
        const first = await open("agent");
        await first.bus.watch("agent");
        await present(first.bus, first.recorder, first.bus);
        expect(first.bus.peers("agent")).toMatchObject([{ ...first.bus.self, address: "local", serves: [] }]);
        first.bus.announce(["peek_plugin_a.Calls"]);
        await first.recorder.until(() => first.bus.peers("agent")[0]?.serves.length === 1);
        const second = await open("agent");
        await present(first.bus, first.recorder, second.bus);
        expect(first.bus.peers("agent").map(instanceOf)).toEqual([first, second].map(({ bus }) => bus.self.instance));
      });

      it("covers services that were watched before the bus was connected", async () => {
        const { bus: agent } = await open("agent");
        const logic = owned.use(harness.open("logic", member("logic")));
        const recorder = new BusRecorder(logic);
        await logic.watch("agent");
        await present(await connected(logic), recorder, agent);
        expect(logic.peers("agent").map(instanceOf)).toEqual([agent.self.instance]);
      });

      it("excludes observers, which can still send and be answered", async () => {
        const { bus: logic, recorder: logicRecorder } = await open("logic");
        await logic.watch("agent");
        const { bus: observer, recorder } = await open("agent", true);
        await observer.watch("logic");
        await observer.watch("agent");
        await present(observer, recorder, logic);
        observer.announce(["peek_plugin_a.Calls"]);
        observer.send(logic.self, "question");
        await logicRecorder.until(() => logicRecorder.texts.length > 0);
        expect(logicRecorder.texts).toEqual([{ from: observer.self, text: "question" }]);
        logic.send(from(logicRecorder), "answer");
        await recorder.until(() => recorder.texts.length > 0);
        expect([logic.peers("agent"), observer.peers("agent"), logicRecorder.changes]).toEqual([[], [], []]);
        await observer[Symbol.asyncDispose]();
        await logicRecorder.until(() => logicRecorder.gone.includes(observer.self.instance));
        expect(logicRecorder.changes).toEqual([]);
      });
    });

    describe("the end of an instance", () => {
      it("is reported at once to its watchers, and to instances that exchanged messages with it", async () => {
        const { bus: logic, recorder: logicRecorder } = await open("logic");
        const { bus: office, recorder: officeRecorder } = await open("office");
        const agent = await connected(harness.open("agent", member("agent")));
        await logic.watch("agent");
        await agent.watch("office");
        await new BusRecorder(agent).until(() => agent.peers("office").length === 1);
        agent.send(office.self, "hello");
        await officeRecorder.until(() => officeRecorder.texts.length > 0);
        await agent[Symbol.asyncDispose]();
        await logicRecorder.until(() => logicRecorder.gone.includes(agent.self.instance), "it is gone for logic", 1000);
        await officeRecorder.until(
          () => officeRecorder.gone.includes(agent.self.instance),
          "it is gone for office",
          1000,
        );
        expect(logicRecorder.news).toEqual([`joined ${agent.self.instance}`, `left ${agent.self.instance}`]);
        expect(logic.peers("agent")).toEqual([]);
        expect(officeRecorder.changes).toEqual([]);
        // Its service is not watched here: the bus may learn of its end only from the exchange or server, and report it again.
        const again = officeRecorder.gone.length;
        try {
          office.send(agent.self, "text");
          await officeRecorder.until(
            () => officeRecorder.gone.length > again,
            "it is notified again that it is gone",
            1000,
          );
        } catch (error) {
          expect(error).toEqual(withCode("VORTEX_NOBODY"));
        }
      });

      it("is reported after the messages that it sent before", async () => {
        const { bus: logic, recorder } = await open("logic");
        const agent = await connected(harness.open("agent", member("agent")));
        await agent.watch("logic");
        await new BusRecorder(agent).until(() => agent.peers("logic").length === 1);
        agent.send(logic.self, "last words");
        await agent[Symbol.asyncDispose]();
        await recorder.until(() => recorder.gone.length > 0);
        expect(recorder.texts.map(({ text }) => text)).toEqual(["last words"]);
      });

      it("leaves no state behind", async () => {
        const { bus: logic, recorder } = await open("logic");
        await logic.watch("agent");
        const resources = (): readonly string[] => process.getActiveResourcesInfo().filter(isOfBus).sort();
        const before = resources();
        const agent = harness.open("agent", member("agent"));
        const states: string[] = [];
        agent.onState((state) => void states.push(state));
        await present(logic, recorder, await connected(agent));
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
        await recorder.until(() => logic.peers("agent").length === 0);
        await until(
          () => resources().length <= before.length,
          () => `${resources().join()} after ${before.join()}`,
        );
      });
    });

    if (!isRemote) return;

    it("is reported within a second when its process is killed", async () => {
      const spawn = required(harness.spawn);
      const { bus: logic, recorder } = await open("logic");
      await logic.watch("agent");
      const { bus: office, recorder: officeRecorder } = await open("office");
      await office.watch("agent");
      const agent = await spawn("agent");
      await recorder.until(() => logic.peers("agent").length === 1);
      await officeRecorder.until(() => office.peers("agent").length === 1);
      logic.send(agent.identity, "are you there?");
      await recorder.until(() => recorder.texts.length > 0);
      expect(recorder.texts).toEqual([{ from: agent.identity, text: "echo: are you there?" }]);
      const killedAt = performance.now();
      agent.kill();
      await recorder.until(() => recorder.gone.length > 0);
      expect(performance.now() - killedAt).toBeLessThan(1000);
      expect(recorder.news.at(-1)).toBe(`left ${agent.identity.instance}`);
      expect(() => logic.send(agent.identity, "text")).toThrow(withCode("VORTEX_NOBODY"));
      await officeRecorder.until(() => officeRecorder.gone.length > 0);
    });

    describe("a bus without a network", () => {
      it("has no peers, and has them again when the network is back", async () => {
        const network = required(harness.network);
        const { logic, agent, logicRecorder, agentRecorder } = await openPair();
        logic.announce(["peek_plugin_a.Calls"]);
        await agentRecorder.until(() => agent.peers("logic")[0]?.serves.length === 1);
        await network.cut();
        await logicRecorder.until(() => logic.state === "connecting");
        await agentRecorder.until(() => agent.state === "connecting");
        expect(logic.peers("agent")).toEqual([]);
        expect(agentRecorder.news.at(-1)).toBe(`left ${logic.self.instance}`);
        expect(() => agent.send(logic.self, "text")).toThrow(withCode("VORTEX_DISCONNECTED"));
        await agent.watch("office");
        await network.restore();
        await connected(logic);
        await connected(agent);
        await present(logic, logicRecorder, agent);
        await present(agent, agentRecorder, logic);
        expect(agent.peers("logic")[0]?.serves).toEqual(["peek_plugin_a.Calls"]);
        expect(agentRecorder.states.slice(-2)).toEqual(["connecting", "connected"]);
        agent.send(logic.self, "again");
        await logicRecorder.until(() => logicRecorder.texts.length > 0);
        logic.send(from(logicRecorder), "and back");
        await agentRecorder.until(() => agentRecorder.texts.length > 0);
        expect([logicRecorder, agentRecorder].flatMap(({ texts }) => texts.map(({ text }) => text))).toEqual([
          "again",
          "and back",
        ]);
        const { bus: office } = await open("office");
        await present(agent, agentRecorder, office);
      });

      it("waits for the network, and can be disposed meanwhile", async () => {
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

/** Waits until an instance is connected. */
async function present(bus: Bus, recorder: BusRecorder, other: Bus): Promise<void> {
  const { service, instance } = other.self;
  await recorder.until(() => bus.peers(service).some((peer) => peer.instance === instance), `${instance} is there`);
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("The harness of a driver between processes has to have it.");
  return part;
}

/** The sender of the first message. */
function from(recorder: BusRecorder): PeerIdentity {
  const [first] = recorder.texts;
  if (first === undefined) throw new Error("There is no text.");
  return first.from;
}

/** A distinct message for each number: most are short, some are long, a few are longer than a megabyte. */
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

/** Waits for a condition that no event reports. */
async function until(isSo: () => boolean, what: () => string): Promise<void> {
  for (const start = performance.now(); !isSo(); await delay(2)) {
    if (performance.now() - start > 30_000) throw new Error(`Not within 30 s: ${what()}`);
  }
}
