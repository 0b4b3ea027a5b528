import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./src/freePort.ts";
import { peek } from "./src/peekCommand.ts";
import type { PluginPackageOptions } from "./src/pluginPackage.ts";
import { TestHome } from "./src/TestHome.ts";

const [pump, valve, old, ill] = [
  "peek_plugin_pump",
  "peek_plugin_valve",
  "peek_plugin_old",
  "peek_plugin_ill",
] as const;
/** The new generations are watched for a moment only: these tests do not wait for it. */
const briefProbe = { deadlines: { probeSeconds: 0.2 } };

/** A plugin with a part for logic and one for field. */
function both(name: string, dependencies: Readonly<Record<string, string>> = {}, start = ""): PluginPackageOptions {
  const parts = ["Logic", "Field"].map(
    (service) => `import { Plugin${service}EntryHookABC } from "@peek/plugin-base/${service.toLowerCase()}";
      export const peek${service}EntryHook = () => class extends Plugin${service}EntryHookABC {
        service = "${service.toLowerCase()}";
        load() {}
        start() { ${start} }
        stop() {}
        unload() {}
      };`,
  );
  return { name, index: parts.join("\n"), manifest: { requiresServices: ["logic", "field"], dependencies } };
}

describe("plugin.enabled is edited while the services run", () => {
  const owned = new AsyncDisposableStack();
  let homes: readonly TestHome[];
  let base: string;

  beforeAll(async () => {
    const port = await freePort();
    const home = owned.use(await TestHome.make());
    base = home.base;
    const all = [
      both(pump),
      both(valve, { [pump]: "*" }),
      both(old),
      both(ill, {}, `if (this.service === "field") throw new Error("the pump is stuck");`),
    ];
    const logic = await home.beside(
      "logic",
      { httpServer: { dataExchange: { sitePort: port } }, plugin: briefProbe },
      all,
    );
    const field = await home.beside("field", { dataExchange: { httpPort: port }, plugin: briefProbe }, all);
    homes = [logic, field];
    await enable([old]);
    owned.use(await logic.start());
    const running = owned.use(await field.start());
    await running.waitFor(/Connected to the logic service/);
  });

  afterAll(() => owned.disposeAsync());

  /** Edits all files, as with an editor. */
  async function enable(names: readonly string[]): Promise<readonly string[]> {
    for (const home of homes) {
      const config = JSON.parse(await home.readConfig()) as { plugin: object };
      const edited = { ...config, plugin: { ...config.plugin, enabled: names } };
      await home.writeConfig(JSON.stringify(edited, null, 4));
    }
    return await texts();
  }

  const texts = async (): Promise<readonly string[]> => await Promise.all(homes.map((home) => home.readConfig()));
  const status = async (): Promise<string> => (await peek(base, "status")).stdout.replaceAll(/-[a-z0-9]{10}\b/g, "");
  const apply = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await peek(base, "plugin", "apply", ...args);
    return {
      code,
      stdout: stdout.replaceAll(/-[a-z0-9]{10}\b/g, ""),
      stderr: stderr.replaceAll(/-[a-z0-9]{10}\b/g, ""),
    };
  };

  it("does nothing where the services run the plugins of their files", async () => {
    const idle = { code: 0, stdout: "The services run the plugins of their config.json files.\n", stderr: "" };
    expect(await apply()).toEqual(idle);
    expect(await status()).not.toContain("WARNING");
  });

  it("peek status shows it, and peek plugin apply has the services follow the files, in the order of dependencies", async () => {
    const edited = await enable([valve, pump]);
    expect(await status()).toContain(
      `WARNING: logic: config.json enables ${valve}, ${pump}, and no longer enables ${old}. Run peek plugin apply, or restart the service\nWARNING: field: `,
    );
    expect(await apply("--dry-run")).toEqual({
      code: 0,
      stdout: `would disable ${old} on logic, field\nwould enable ${pump} on logic, field\nwould enable ${valve} on logic, field\n`,
      stderr: "",
    });
    const applied = await apply();
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    const made = applied.stdout.split("\n").map((line) => line.replace(/ \(\d+\)/, ""));
    expect(made).toEqual([
      ...["field", "logic"].map((service) => `${service}: done, 1.0.0 → not enabled`),
      ...["logic", "field", "logic", "field"].map((service) => `${service}: done, not enabled → 1.0.0`),
      "",
    ]);
    expect(await texts()).toEqual(edited);
    expect((await status()).match(/ peek_plugin_(pump|valve) +1\.0\.0 +started/g)).toHaveLength(4);
    expect(await status()).not.toContain("WARNING");
  });

  it("stops at a failure, says what is left, and leaves the files as they are", async () => {
    const edited = await enable([valve, pump, ill, old]);
    const { code, stdout, stderr } = await apply();
    expect(code, stderr).toBe(75);
    expect(stdout).toMatch(/^logic: reverted.*\nfield: reverted.*the pump is stuck.*\n$/);
    expect(stderr).toMatch(
      /the changes before this one stay, .*\npeek: not made: enable peek_plugin_old on logic, field\n$/,
    );
    expect(await texts()).toEqual(edited);
    expect(await status()).toContain(`WARNING: field: config.json enables ${ill}, ${old}. Run`);
    const { changes, left } = JSON.parse((await apply("--json", "--service", "logic")).stdout) as Record<
      string,
      unknown[]
    >;
    expect({ changes, left }).toMatchObject({ changes: [{ plugin: ill, outcome: "done" }, { plugin: old }], left: [] });
  });

  it("refuses a file that cannot be read, and changes nothing", async () => {
    await homes.at(-1)?.writeConfig("{");
    expect(await status()).toMatch(/WARNING: field: the next start fails: .*config\.json/);
    const refused = { code: 78, stdout: "", stderr: expect.stringMatching(/^peek: field: .*config\.json/) };
    expect(await apply()).toEqual(refused);
  });
});

it("peek plugin apply says that logic does not run", async () => {
  await using home = await TestHome.with({});
  expect(await peek(home.base, "plugin", "apply")).toMatchObject({
    code: 69,
    stderr: expect.stringMatching(/follows its config\.json/),
  });
});
