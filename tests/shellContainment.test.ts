import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "./src/Chromium.ts";
import { AdminApp } from "./src/shell/AdminApp.ts";
import { kitModule, kitRoutes } from "./src/shell/kitModule.ts";
import type { ShellPage } from "./src/shell/ShellPage.ts";
import { webPlugin } from "./src/shell/webPlugin.ts";

const executable = findChromium();

/** The container takes the place of `body`; the build limits all other rules to it. */
const hostileCss = `
[data-peek-plugin="peek_plugin_hostile"] { position: fixed; inset: 0; z-index: 2147483647; min-height: 100vh; background: red; }
[data-peek-plugin="peek_plugin_hostile"] * { color: red; }
[data-peek-plugin="peek_plugin_hostile"] .huge { position: fixed; top: -50px; left: -500px; width: 5000px; height: 5000px; z-index: 2147483647; }
`;
const hostile = `export default page(() => h("div", { className: "huge" }, "Huge"));`;

/** Its page takes a timer and a listener, and gives them back. */
const tidy = `const Tidy = () => {
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    const timer = setInterval(() => setCount((before) => before + 1), 50);
    const onResize = () => setCount(0);
    addEventListener("resize", onResize);
    return () => { clearInterval(timer); removeEventListener("resize", onResize); };
  }, []);
  return h("ul", null, Array.from({ length: 200 }, (_, index) => h("li", { key: index }, "Line " + index)));
};
export default page(Tidy);`;

describe.skipIf(executable === undefined)("many plugins in one app", () => {
  let app: AdminApp;

  beforeAll(async () => {
    const plugins = [
      webPlugin({ name: "peek_plugin_hostile", title: "Hostile", code: hostile, css: hostileCss }),
      webPlugin({ name: "peek_plugin_tidy", title: "Tidy", code: tidy }),
      webPlugin({ name: "peek_plugin_kit", title: "Kit", code: kitModule, section: { routes: kitRoutes } }),
      ...Array.from({ length: 50 }, (_, index) =>
        webPlugin({ name: `peek_plugin_p${index}`, title: `Plugin ${index}`, code: tidy }),
      ),
    ];
    app = await AdminApp.start(executable ?? "", { plugins });
  });

  afterAll(() => app[Symbol.asyncDispose]());

  it("the home screen loads no code of fifty plugins", async () => {
    const shell = await app.open();
    await shell.sees(shell.tile("Plugin 49"));
    await shell.page.waitForLoadState("networkidle");
    expect(shell.scripts.filter((url) => url.includes("/peek/web/modules/"))).toEqual([]);
  });

  it("huge, fixed and topmost things of a plugin stay within its page", async () => {
    const shell = await app.open("/app/peek_plugin_hostile");
    await shell.shows("Huge");
    const covered = await shell.page.evaluate<readonly string[]>(
      `[...document.querySelectorAll(".shell-title-bar button, .shell-menu a")].filter((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        if (width === 0 || y + height > innerHeight) return false;
        return !element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
      }).map(({ textContent }) => textContent)`,
    );
    expect(covered).toEqual([]);
    const color = `getComputedStyle(document.querySelector(".shell-site-title")).color`;
    expect(await shell.page.evaluate(color)).not.toBe("rgb(255, 0, 0)");
    await shell.choose("Tidy");
    await shell.shows("Line 199");
  });

  it("a page that is opened 200 times in turn with others leaves nothing in memory", async () => {
    const shell = await app.open();
    const measure = await metricsOf(shell);
    const visit = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        await shell.choose("Tidy");
        await shell.shows("Line 199");
        await shell.choose(time % 10 === 0 ? "Kit" : "Plugin 1");
        await shell.shows(time % 10 === 0 ? "Components" : "Line 199");
      }
      await shell.choose("Home");
      await shell.sees(shell.tile("Tidy"));
    };
    await visit(20);
    const before = await measure();
    await visit(180);
    const after = await measure();
    expect(after.nodes - before.nodes).toBeLessThan(500);
    expect(after.listeners - before.listeners).toBeLessThan(100);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(2_000_000);
  });
});

interface Metrics {
  readonly nodes: number;
  readonly listeners: number;
  readonly heapBytes: number;
}

/** Measures the page after its garbage was collected. */
async function metricsOf({ page }: ShellPage): Promise<() => Promise<Metrics>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  return async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const valueOf = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return { nodes: valueOf("Nodes"), listeners: valueOf("JSEventListeners"), heapBytes: valueOf("JSHeapUsedSize") };
  };
}
