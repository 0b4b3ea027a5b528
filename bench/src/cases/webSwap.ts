import { AdminApp } from "tests/shell/AdminApp";
import { pump, pumpArchive } from "tests/pumpArchive";
import { summarise } from "../statistics.ts";
import { roundRobin } from "../roundRobin.ts";
import type { Case, SuiteContext } from "../Suite.ts";
import { table, withSpread } from "../table.ts";

const moduleCode = (version: string): string => `import { createElement } from "react";
import { definePluginWeb } from "@peek/web";
import { Stack } from "@peek/web/ui";
const Page = () => createElement(Stack, null, createElement("p", { id: "version" }, "${version}"));
export default definePluginWeb({ routes: { "": async () => ({ default: Page }) } });`;

/** The next version of an open page, which its user takes. */
export async function webSwap(executable: string, { runs }: SuiteContext): Promise<string> {
  await using app = await AdminApp.start(executable, { plugins: [] });
  const archive = (version: string): Promise<string> => {
    const built = { format: 1, plugin: pump, webApi: "1.0", module: "main.js", styles: [] };
    const web = { dir: "web", title: "Pumps", routes: [{ path: "", title: "Pumps" }] };
    const files = { "web/peek-web.json": JSON.stringify(built), "web/main.js": moduleCode(version) };
    return pumpArchive(app.home.base, { version, services: ["logic"], sections: { admin: { web } }, files });
  };
  let minor = 0;
  await app.plugin("install", await archive("1.0.0"));
  const run = async (): Promise<{ readonly ms: number }> => {
    const shell = await app.open(`/app/${pump}`);
    await shell.shows(`1.${minor}.0`);
    minor += 1;
    await app.plugin("upgrade", await archive(`1.${minor}.0`));
    const reload = shell.content.getByRole("button", { name: "Reload this page" });
    await shell.sees(reload);
    const ms = await shell.page.evaluate<number>(swapTo(`1.${minor}.0`));
    await shell.page.close();
    return { ms };
  };
  const cases: readonly Case<"ms">[] = [{ title: "**Peek**, a page of a plugin", run }];
  const measured = await roundRobin<"ms", Case<"ms">>("Web, swap", cases, runs);
  const rows = measured.map(({ case: { title }, samples }) => [
    title,
    withSpread(summarise(samples.map(({ ms }) => ms))),
  ]);
  return `From the press on "Reload this page", after an upgrade of the plugin, until the frame that shows the page of the new version:

${table(["", "ms"], rows)}`;
}

/** Runs in the page: presses the button, and returns the milliseconds until a version is shown. */
const swapTo = (version: string): string => `new Promise((resolve) => {
  const since = performance.now();
  const observer = new MutationObserver(() => {
    if (document.querySelector("#version")?.textContent !== "${version}") return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - since)));
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  [...document.querySelectorAll("main button")].find((each) => each.textContent === "Reload this page").click();
})`;
