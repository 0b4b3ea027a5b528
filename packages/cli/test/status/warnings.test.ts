import type { ServiceName } from "@peek/plugin-base";
import type { ObservedService } from "@peek/platform";
import { describe, expect, it } from "vitest";
import { differingVersions } from "../../src/status/differingVersions.ts";
import { pendingRestarts } from "../../src/status/pendingRestarts.ts";

type Told = NonNullable<ObservedService["status"]>;
type Plugin = Partial<Told["plugins"][number]>;

const since = "2026-01-01T00:00:00.000Z";

function observed(
  service: ServiceName,
  instance: string,
  plugins: readonly Plugin[],
  told: Partial<Told> = {},
): ObservedService {
  const peer = { service, instance, version: "1.0.0", connectedSince: since, address: "127.0.0.1", since, serves: [] };
  const full = plugins.map((plugin) => ({ name: "peek_plugin_pump", state: "started", since, ...plugin }));
  return { peer, status: { service, version: "1.0.0", pid: 1, since, plugins: full, ...told } };
}

describe("different versions of a plugin", () => {
  it("are named with the services that run them; an instance is named where there are several", () => {
    const services = [
      observed("logic", "logic-1", [{ version: "1.0.0" }, { name: "peek_plugin_well", version: "3.0.0" }]),
      observed("field", "field-1", [{ version: "1.0.0" }, { name: "peek_plugin_well", version: "3.0.0" }]),
      observed("worker", "worker-1", [{ version: "1.0.0" }]),
      observed("worker", "worker-2", [{ version: "1.1.0" }]),
    ];
    expect(differingVersions(services)).toEqual([
      "peek_plugin_pump has different versions: 1.0.0 on logic, field, worker-1; 1.1.0 on worker-2. Run peek plugin upgrade peek_plugin_pump with one version for all services.",
    ]);
  });

  it("are none where a service skips the plugin, has no version of it, or gave no answer", () => {
    const { peer } = observed("agent", "agent-1", []);
    const services = [
      observed("logic", "logic-1", [{ version: "1.0.0" }]),
      observed("field", "field-1", [{ version: "1.1.0", state: "skipped" }]),
      observed("office", "office-1", [{ state: "failed" }]),
      { peer, error: { code: "RPC_DEADLINE_EXCEEDED", message: "no answer" } },
    ];
    expect(differingVersions(services)).toEqual([]);
  });
});

describe("a pending restart", () => {
  it.each<readonly [string, Plugin, string]>([
    [
      "another version",
      { version: "1.0.0", installed: { version: "1.1.0" } },
      "runs peek_plugin_pump 1.0.0, and 1.1.0 is installed",
    ],
    [
      "another build of the same version",
      { version: "1.0.0", installed: { version: "1.0.0" } },
      "runs peek_plugin_pump 1.0.0, and other files of that version are installed",
    ],
    [
      "a plugin that is gone",
      { version: "1.0.0", installed: { problem: "It has no package." } },
      "runs peek_plugin_pump 1.0.0, which a restart cannot find: It has no package",
    ],
    [
      "a plugin that was not there at the start",
      { state: "failed", installed: { version: "1.1.0" } },
      "runs without peek_plugin_pump, and 1.1.0 is installed",
    ],
  ])("is reported for %s", (_what, plugin, part) => {
    expect(pendingRestarts([observed("logic", "logic-1", [plugin, { name: "peek_plugin_well" }])])).toEqual([
      `restart pending: logic-1 ${part}. Restart logic to run the installed software.`,
    ]);
  });

  it("is reported for the service itself", () => {
    const told = pendingRestarts([observed("field", "field-1", [], { installedVersion: "1.2.0" })]);
    expect(told[0]).toContain("field-1 is version 1.0.0, and 1.2.0 is installed.");
  });

  it("is not reported when nothing has changed", () => {
    expect(pendingRestarts([observed("logic", "logic-1", [{ version: "1.0.0" }])])).toEqual([]);
  });
});
