import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Chromium, findChromium } from "./src/Chromium.ts";
import { DevelopedModule } from "./src/DevelopedModule.ts";
import { freePort } from "./src/freePort.ts";
import { type LiveService, LiveServices } from "./src/LiveServices.ts";
import { addUser } from "./src/users.ts";

const executable = findChromium();

/** A page with a state, and a style. */
const page = (label: string): string => `
  import { useObservable } from "@peek/client/react";
  import { usePageTitle } from "@peek/web";
  import { useState } from "react";
  import { StringIntTuple } from "../../src/_private/contracts/StringIntTuple.ts";
  import "./page.css";

  export default function RowsPage() {
    const [count, setCount] = useState(0);
    const { tuples } = useObservable(StringIntTuple);
    usePageTitle("Counter");
    return (
      <button type="button" className="counter" onClick={() => setCount(count + 1)}>
        ${label} {count}, rows: {tuples.length}
      </button>
    );
  }`;

describe.skipIf(executable === undefined)("Vite's dev server for a web module", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let module: DevelopedModule;
  let chromium: Chromium;
  let origin: string;

  beforeAll(async () => {
    services = owned.use(await LiveServices.start());
    field = await services.startBeside("field");
    chromium = owned.use(await Chromium.start(executable ?? ""));
    module = owned.use(await DevelopedModule.make());
    await module.save("RowsPage.tsx", page("Count"));
    await module.save("page.css", ".counter { color: rgb(1, 2, 3); } body { background: rgb(9, 9, 9); }");
    origin = await module.serve(field.origin);
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  it("shows a saved component and a saved style in the running app, keeps the state, and starts no service again", async () => {
    await using person = await chromium.person();
    const shown = await person.newPage();
    await shown.goto(`${origin}/app/peek_plugin_tutorial/rows`);
    const counter = shown.locator(".counter");
    await counter.filter({ hasText: "Count 0, rows: 1" }).click();
    await counter.filter({ hasText: "Count 1" }).click();
    await shown.evaluate("globalThis.isSamePage = true");

    await module.save("RowsPage.tsx", page("Presses"));
    await counter.filter({ hasText: "Presses 2, rows: 1" }).waitFor();

    const styleOf = (selector: string, property: string): Promise<string> =>
      shown.evaluate<string>(`getComputedStyle(document.querySelector("${selector}")).${property}`);
    const color = (): Promise<string> => styleOf(".counter", "color");
    expect(await color()).toBe("rgb(1, 2, 3)");
    await module.save("page.css", ".counter { color: rgb(4, 5, 6); } body { background: rgb(9, 9, 9); }");
    await expect.poll(color).toBe("rgb(4, 5, 6)");
    await counter.filter({ hasText: "Presses 2, rows: 1" }).waitFor();

    expect(await shown.evaluate("globalThis.isSamePage")).toBe(true);
    // The container of the module has the style, and the page around it does not.
    expect(await styleOf("[data-peek-plugin]", "backgroundColor")).toBe("rgb(9, 9, 9)");
    expect(await styleOf("body", "backgroundColor")).not.toBe("rgb(9, 9, 9)");
    expect(field.process.lines.filter((line) => /:Ready in |reload/.test(line))).toHaveLength(1);
  });

  it("shows a mistake in place of the page, and the page when it is corrected", async () => {
    await using person = await chromium.person();
    const shown = await person.newPage();
    await shown.goto(`${origin}/app/peek_plugin_tutorial/rows`);
    await shown.locator(".counter").waitFor();
    await module.save("RowsPage.tsx", "export default function RowsPage() { return <p>; }");
    await shown.locator("vite-error-overlay").waitFor();
    // Vite takes two saves within a tenth of a second for one.
    const correct = async (): Promise<number> => {
      await module.save("RowsPage.tsx", page("Corrected"));
      return await shown.locator(".counter", { hasText: "Corrected" }).count();
    };
    await expect.poll(correct, { interval: 500 }).toBe(1);
    await shown.locator("vite-error-overlay").waitFor({ state: "detached" });
  });

  it("names in the console what a page has not released when it was left", async () => {
    await module.save(
      "RowsPage.tsx",
      `import { useEffect } from "react";
      export default function RowsPage() {
        useEffect(() => {
          setInterval(() => undefined, 1000);
          const released = setInterval(() => undefined, 1000);
          const onResize = () => undefined;
          addEventListener("resize", onResize);
          addEventListener("scroll", onResize);
          return () => { clearInterval(released); removeEventListener("scroll", onResize); };
        }, []);
        return <p>Leaking</p>;
      }`,
    );
    await using person = await chromium.person();
    const shown = await person.newPage();
    const warnings: string[] = [];
    shown.on("console", (message) => {
      if (message.type() === "warning") warnings.push(message.text());
    });
    await shown.goto(`${origin}/app/peek_plugin_tutorial/rows`);
    await shown.getByText("Leaking").waitFor();
    await shown.getByRole("link", { name: "Home" }).first().click();
    await expect.poll(() => warnings.filter((text) => text.includes("did not release")).length).toBe(2);
    expect(warnings.join("\n")).toMatch(
      /peek_plugin_tutorial was left, and did not release an interval, taken\s+at .*RowsPage/,
    );
    expect(warnings.join("\n")).toContain('a listener for "resize" on window');
    await module.save("RowsPage.tsx", page("Released"));
  });

  it("has the policy of the site: only the hash of the import map differs", async () => {
    const policyOf = async (url: string): Promise<string> => {
      const answer = await fetch(`${url}/app/peek_plugin_tutorial/rows`, { headers: { accept: "text/html" } });
      return answer.headers.get("content-security-policy") ?? "";
    };
    const [site, developed] = await Promise.all([policyOf(field.origin), policyOf(origin)]);
    const withoutHash = (policy: string): string => policy.replace(/'sha256-[\w+/=]+'/, "");
    expect(site).toMatch(/script-src 'self' 'sha256-[^ ]+;/);
    expect(withoutHash(developed)).toBe(withoutHash(site));
    expect(developed).not.toBe(site);
  });

  it("gives libraries the React of the app", async () => {
    await using other = await DevelopedModule.make();
    await other.install(
      "library",
      'const React = require("react"); exports.useCount = () => React.useState(40); exports.Sign = () => React.createElement("i", null, "signed");',
    );
    await other.save(
      "RowsPage.tsx",
      `import { Sign, useCount } from "library";
      export default function RowsPage() {
        const [count, setCount] = useCount();
        return <button type="button" className="counter" onClick={() => setCount(count + 1)}>{count} <Sign /></button>;
      }`,
    );
    const developed = await other.serve(field.origin);
    await using person = await chromium.person();
    const shown = await person.newPage();
    await shown.goto(`${developed}/app/peek_plugin_tutorial/rows`);
    await shown.locator(".counter", { hasText: "40 signed" }).click();
    await shown.locator(".counter", { hasText: "41 signed" }).waitFor();
  });

  it("has the login of the site", async () => {
    const office = await services.startBeside("office", {});
    await addUser(services.base, "anna", "correct horse");
    await using other = await DevelopedModule.make();
    await other.save("RowsPage.tsx", page("Office"));
    const developed = await other.serve(office.origin);
    await using person = await chromium.person();
    const shown = await person.newPage();
    await shown.goto(`${developed}/app/peek_plugin_tutorial/rows`);
    await shown.getByLabel("Name").fill("anna");
    await shown.getByLabel("Password").fill("correct horse");
    await shown.getByRole("button", { name: "Log in" }).click();
    await shown.locator(".counter", { hasText: "Office 0, rows: 1" }).waitFor();
    expect(new URL(shown.url()).origin).toBe(developed);
    await office.process.stop();
  });

  it("reads plugin_package.json again when it is saved", async () => {
    await using other = await DevelopedModule.make();
    await other.serve(field.origin);
    await other.retitle("Another title");
  });

  it("says what to do while the site cannot be reached", async () => {
    await using other = await DevelopedModule.make();
    const nowhere = await other.serve(`http://127.0.0.1:${await freePort()}`);
    const answer = await fetch(`${nowhere}/app/peek_plugin_tutorial/rows`);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toMatch(
      /^The site http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED.*PEEK_SITE\.$/,
    );
  });
});
