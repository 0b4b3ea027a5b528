import { Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { expect, it, vi } from "vitest";
import { BusTaskSignals } from "../src/tasks/BusTaskSignals.ts";
import { logger } from "./silentLogger.ts";

it("a signal without a receiver is not logged", async () => {
  await using owned = new AsyncDisposableStack();
  const member = { instance: makeInstanceName("logic"), version: "1.0.0", since: new Date().toISOString() };
  const bus = owned.use(new MemoryBus(new Exchange(), "logic", member));
  const vortex = owned.use(new Vortex({ bus, member, logger }));
  const own = owned.use(new AsyncDisposableStack());
  const scoped = vortex.forPlugin("peek_core_platform", () => own, logger);
  const sends = vi.spyOn(scoped.payloads, "send");
  const debug = vi.fn();
  const signals = owned.use(new BusTaskSignals(scoped, { ...logger, debug }));
  const id = "019aa000-0000-7000-8000-ffffffffffff";
  signals.cancelled(id);
  signals.notify({ service: "logic", instance: makeInstanceName("logic") }, [{ kind: "progress", id, value: "1" }]);
  expect(await Promise.allSettled(sends.mock.results.map(({ value }) => value))).toMatchObject([
    { reason: { code: "VORTEX_NOBODY" } },
    { reason: { code: "VORTEX_NOBODY" } },
  ]);
  expect(debug).not.toHaveBeenCalled();
});
