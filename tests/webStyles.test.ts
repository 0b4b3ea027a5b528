import * as fc from "fast-check";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Chromium, findChromium, TutorialPage } from "./src/Chromium.ts";
import { DevelopedModule } from "./src/DevelopedModule.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";

const executable = findChromium();

/** A style sheet that would take over the page, if it were not limited. */
const greedy = `
  * { color: rgb(255, 0, 0) !important; }
  html, :root { display: none !important; --peek-page: red; }
  body { position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; contain: none !important;
    margin: -1000px !important; width: 10000px !important; height: 10000px !important; background: lime !important; }
  table { position: fixed !important; inset: 0 !important; z-index: 2147483647 !important; background: yellow !important; }
  .shell, .shell-side, nav, header { display: none !important; }
  body + *, body ~ *, :not(table), :has(nav) { opacity: 0 !important; }
  tr { :not(&) { visibility: hidden !important; } }
  @layer peek.shell { .shell-side { display: none !important; } }
  @property --peek-space { syntax: "*"; inherits: false; initial-value: 500px; }
  @keyframes shell-progress { to { display: none; } }
  @font-face { font-family: system-ui; src: local("none"); size-adjust: 900%; }
`;

describe.skipIf(executable === undefined)("the style sheet of a plugin in the app", () => {
  const owned = new AsyncDisposableStack();
  let field: LiveService;
  let module: DevelopedModule;
  let chromium: Chromium;

  beforeAll(async () => {
    const services = owned.use(await LiveServices.start());
    field = await services.startBeside("field");
    chromium = owned.use(await Chromium.start(executable ?? ""));
    module = owned.use(await DevelopedModule.make());
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  /** Opens the tutorial with another style sheet, as it is built. Without one, with its own. */
  async function open(css?: string): Promise<Page> {
    const person = await chromium.person({ reducedMotion: "reduce" });
    onTestFinished(() => person.close());
    if (css !== undefined) {
      await module.save("page.css", css);
      const body = await module.buildStyles();
      await person.route(/\/peek_plugin_tutorial\/.*\.css$/, (route) =>
        route.fulfill({ contentType: "text/css", body }),
      );
    }
    const { page } = await TutorialPage.open(person, field.origin);
    await page.locator('tr[data-id="1"]').waitFor({ state: "attached" });
    await page.locator('.shell-state[data-status="live"]').waitFor();
    return page;
  }

  it("leaves menu and title bar as they are, and cannot cover them", async () => {
    const shell = async (page: Page): Promise<readonly Buffer[]> => [
      await page.locator(".shell-side").screenshot(),
      await page.locator(".shell-title-bar").screenshot(),
    ];
    const [plain, styled] = [await open(), await open(greedy)];
    const color = await styled.evaluate('getComputedStyle(document.querySelector("[data-peek-plugin] td")).color');
    expect(color).toBe("rgb(255, 0, 0)");
    const [before, after] = [await shell(plain), await shell(styled)];
    expect(after.map((picture, index) => picture.equals(before[index] ?? Buffer.of()))).toEqual([true, true]);
    // A press reaches what is seen.
    await styled.getByRole("link", { name: "Settings" }).click();
    await styled.waitForURL(/\/app\/settings$/);
  });

  it("selects only elements of the plugin, however its rules are composed", async () => {
    const element = fc.constantFrom("", "*", "td", "nav", "html", "body");
    const condition = fc.constantFrom(
      ...[
        "",
        ".shell",
        ".peek-button",
        "[data-id]",
        ":root",
        ":scope",
        ":not(.a)",
        ":not(body)",
        ":is(html, body)",
        ":is(body *)",
      ],
      ...[":where(:root)", ":has(+ *)", ":has(nav)", ":nth-child(1 of *)", ":is(&, body)", ":has(&)", ":not(&)"],
    );
    const compound = fc.tuple(element, condition).map((parts) => parts.join("") || "div");
    const selector = fc
      .array(fc.tuple(fc.constantFrom(" ", ">", "+", "~", ", "), compound), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.flat().slice(1).join(""));
    const rule = fc
      .tuple(selector, fc.option(selector, { nil: undefined }))
      .map(([outer, inner]) => `${outer} { --x: 1; ${inner === undefined ? "" : `${inner} { --x: 2; }`} }`);
    const css = fc.sample(rule, 400).join("\n");
    const page = await open(css);
    const { selectors, matched, outside } = await page.evaluate<{
      selectors: number;
      matched: number;
      outside: string[];
    }>(`(() => {
      const sheet = [...document.styleSheets].find(({ href }) => href?.includes("/peek_plugin_tutorial/"));
      const selectors = [...sheet.cssRules].map(({ selectorText }) => selectorText);
      const found = selectors.map((selector) => [selector, [...document.querySelectorAll(selector)]]);
      return {
        selectors: selectors.length,
        matched: found.filter(([, elements]) => elements.length > 0).length,
        outside: found.filter(([, elements]) => elements.some((each) => each.closest("[data-peek-plugin]") === null)).map(([selector]) => selector),
      };
    })()`);
    expect(outside).toEqual([]);
    // Rules that select nothing would prove nothing.
    expect(selectors).toBeGreaterThan(200);
    expect(matched).toBeGreaterThan(50);
  });
});
