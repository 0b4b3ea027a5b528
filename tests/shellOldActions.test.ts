import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Chromium, findChromium } from "./src/Chromium.ts";
import { freePort } from "./src/freePort.ts";
import { siteOrigin } from "./src/LiveServices.ts";
import { peek } from "./src/peekCommand.ts";
import { pump, pumpArchive } from "./src/pumpArchive.ts";
import type { RunningProcess } from "./src/RunningProcess.ts";
import { ShellPage } from "./src/shell/ShellPage.ts";
import { TestHome } from "./src/TestHome.ts";
import { linkZod } from "./src/vortexProbe.ts";

const executable = findChromium();

/** The action of each version, as both sides define it. */
const actions = {
  "1.0.0": `defineAction("${pump}.Raise", { level: z.string() })`,
  // It cannot read the actions of 1.0.0.
  "1.1.0": `defineAction("${pump}.Raise", { by: z.int() })`,
  "1.2.0": `defineAction("${pump}.Raise", { by: z.int() }, { upgrade: () => ({ by: 9 }) })`,
} as const;
type Version = keyof typeof actions;

const contracts = (version: Version): string => `import { defineAction } from "@peek/plugin-base/contracts";
import { z } from "zod";
const Raise = ${actions[version]};`;

const moduleCode = (version: Version): string => `${contracts(version)}
import React from "react";
import { definePluginWeb } from "@peek/web";
import { useAction } from "@peek/client/react";
const h = React.createElement;
const Page = () => {
  const raise = useAction(Raise);
  const input = ${version === "1.0.0" ? `{ level: "high" }` : `{ by: 1 }`};
  return h("div", null, h("p", null, "Page of ${version}"), h("button", { onClick: () => raise(input) }, "Raise"));
};
export default definePluginWeb({ routes: { "": async () => ({ default: Page }) } });`;

describe.skipIf(executable === undefined)("an action that a page pushed before its plugin was upgraded", () => {
  const owned = new AsyncDisposableStack();
  let logicHome: TestHome;
  let fieldHome: TestHome;
  let logic: RunningProcess;
  let field: RunningProcess;
  let shell: ShellPage;

  const plugin = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await peek(logicHome.base, "plugin", ...args);
    if (code !== 0) throw new Error(`${stdout}${stderr}`);
  };
  const archiveOf = (version: Version): Promise<string> =>
    pumpArchive(logicHome.base, {
      version,
      top: contracts(version),
      start: `if (this.service === "field") this.platform.actions.expose(Raise);
        else this.platform.actions.handle(Raise, (action, { transaction }) => {
          console.log("executed " + JSON.stringify(action));
        });`,
      migrations: ["await sql`CREATE TABLE pump (id int)`.execute(db);"],
      sections: { field: { web: { dir: "web", title: "Pumps", routes: [{ path: "", title: "Pumps" }] } } },
      files: {
        "web/peek-web.json": JSON.stringify({ format: 1, plugin: pump, webApi: "1.0", module: "main.js", styles: [] }),
        "web/main.js": moduleCode(version),
      },
    });
  const startField = async (): Promise<void> => {
    field = owned.use(await fieldHome.start());
    await field.waitFor(/Connected to the logic service/);
  };

  beforeAll(async () => {
    const exchangePort = await freePort();
    const sitePort = await freePort();
    const deadlines = { probeSeconds: 0.2 };
    const httpServer = { field: { anonymous: true, sitePort } };
    logicHome = owned.use(
      await TestHome.with({
        httpServer: { ...httpServer, dataExchange: { sitePort: exchangePort } },
        plugin: { deadlines },
      }),
    );
    fieldHome = await logicHome.beside("field", {
      httpServer,
      dataExchange: { httpPort: exchangePort },
      plugin: { deadlines },
    });
    for (const home of [logicHome, fieldHome]) await linkZod(home);
    logic = owned.use(await logicHome.start());
    await startField();
    await plugin("install", await archiveOf("1.0.0"));
    const chromium = owned.use(await Chromium.start(executable ?? ""));
    shell = await ShellPage.open(await chromium.person(), await siteOrigin(field), `/app/${pump}`);
  });

  afterAll(() => owned.disposeAsync());

  it("stays on the device, says that the page has to be updated, and is executed by a version that can read it", async () => {
    await shell.shows("Page of 1.0.0");
    await shell.sees(shell.indicator.filter({ hasText: "Live" }));
    await field.stop();
    await shell.sees(shell.indicator.filter({ hasText: "Offline" }));
    await shell.content.getByRole("button", { name: "Raise" }).click();
    await shell.sees(shell.indicator.filter({ hasText: "1" }));
    await plugin("upgrade", await archiveOf("1.1.0"));
    await startField();
    await shell.shows("A new version of Pumps is ready.");
    await shell.indicator.click();
    const drawer = shell.page.getByRole("dialog", { name: "Connection" });
    await shell.sees(drawer.getByText(/The device keeps it: load the page again/).first());
    expect(await drawer.getByRole("listitem").count()).toBe(1);
    await plugin("upgrade", await archiveOf("1.2.0"));
    await drawer.getByRole("button", { name: "Close" }).click();
    await shell.content.getByRole("button", { name: "Reload this page" }).click();
    await shell.shows("Page of 1.2.0");
    await logic.waitFor(/executed \{"by":9\}/);
    await shell.indicator.filter({ hasText: "pending" }).waitFor({ state: "detached" });
  });
});
