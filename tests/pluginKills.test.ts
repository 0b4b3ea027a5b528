import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killedUpgrades, UpgradedServices } from "./src/UpgradedServices.ts";

describe("a service is killed during an upgrade of logic and field", () => {
  let services: UpgradedServices;

  beforeAll(async () => {
    services = await UpgradedServices.start();
  });

  afterAll(async () => {
    await services[Symbol.asyncDispose]();
  });

  it.each(killedUpgrades)("$victim at the step $step of $steppedOn: all go $goes", async (killed) => {
    const { victim, steppedOn, step, goes } = killed;
    const from = await services.agreed();
    const { code, said, version } = await services.kill(victim, steppedOn, step);
    expect(code).not.toBe(0);
    expect(version === from).toBe(goes === "back");
    if (victim === steppedOn) expect(said, said.join("\n")).toHaveLength(1);
  });

  it("a service that was away during an upgrade gets the version when it returns", async () => {
    await services.stop("field");
    const from = await services.agreedOn("logic");
    const { code, stderr } = await services.upgrade(from);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/field is not connected\. If peek_plugin_pump is enabled there, logic changes it/);
    await services.restart("field");
    expect(await services.agreed()).not.toBe(from);
  });
});
