import type { PluginStatus } from "@peek/loader";
import { expect, it } from "vitest";
import type { ServiceStatus } from "../src/index.ts";
import { ServiceStatusRpc, statusReport } from "../src/status/serviceStatusRpc.ts";

const { output } = ServiceStatusRpc.procedures.status;

const failed: PluginStatus = {
  name: "peek_plugin_ill",
  generation: 2,
  state: "failed",
  since: "2026-01-01T00:00:00.000Z",
  durations: {},
  error: { code: "HOOK_THREW", message: "x".repeat(100_000), hook: "start" },
};

function statusWith(plugins: readonly PluginStatus[]): ServiceStatus {
  return { service: "logic", version: "1.2.3", pid: 1, since: "2026-01-01T00:00:00.000Z", plugins };
}

it("a status report has limits, and longer texts and lists are cut", () => {
  const told = statusReport(statusWith([failed, { ...failed, title: "y".repeat(1000) }]));
  expect(output.safeParse(told).success).toBe(true);
  expect(told.plugins[0]).toMatchObject({
    name: "peek_plugin_ill",
    generation: 2,
    state: "failed",
    error: { code: "HOOK_THREW" },
  });
  expect(told.plugins[0]?.error?.message).toBe(`${"x".repeat(9999)}…`);
  expect(told.plugins[1]?.title).toBe(`${"y".repeat(299)}…`);
});

it.each([
  ["a version", { version: "1".repeat(301) }],
  ["a message", { plugins: [failed] }],
  ["a list of plugins", { plugins: Array.from({ length: 1001 }, () => ({ ...failed, error: undefined })) }],
])("a status report with %s that exceeds the limit is refused", (_what, part) => {
  expect(output.safeParse({ ...statusWith([]), ...part }).success).toBe(false);
});
