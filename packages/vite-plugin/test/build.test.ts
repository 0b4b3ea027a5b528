import { describe, expect, it } from "vitest";
import { manifest, ModuleFixture } from "./ModuleFixture.ts";

const web = manifest.field.web;
const withWeb = (changed: object, others: object = {}): string =>
  JSON.stringify({ ...manifest, field: { web: { ...web, ...changed } }, ...others });
const withKeys = (keys: string): string =>
  `import { definePluginWeb } from "@peek/web"; const page = () => import("./Page.tsx"); export default definePluginWeb({ ${keys} });`;

describe("the build of a web module", () => {
  it("writes an ES module with a file for each page, one style sheet, source maps, and peek-web.json", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx":
        'import "./page.css"; import icon from "./icon.png"; export default () => <img src={icon} />;',
      "web/src/page.css": "@import './more.css'; body { background: url(./icon.png); }",
      "web/src/more.css": ".more { color: red; }",
      "web/src/icon.png": "x".repeat(5000),
    });
    await fixture.build();
    const hash = String.raw`-[\w-]+`;
    expect(await fixture.built()).toEqual([
      expect.stringMatching(`^assets/Page${hash}\\.js$`),
      expect.stringMatching(`^assets/Page${hash}\\.js\\.map$`),
      expect.stringMatching(`^assets/icon${hash}\\.png$`),
      expect.stringMatching(`^assets/index${hash}\\.js$`),
      expect.stringMatching(`^assets/index${hash}\\.js\\.map$`),
      expect.stringMatching(`^assets/style${hash}\\.css$`),
      "peek-web.json",
    ]);
    const built = await fixture.built();
    expect(JSON.parse(await fixture.content(/peek-web\.json$/))).toEqual({
      format: 1,
      plugin: "peek_plugin_pump",
      webApi: expect.stringMatching(/^\d+\.\d+$/),
      module: built.find((file) => /index.*\.js$/.test(file)),
      styles: built.filter((file) => file.endsWith(".css")),
    });
    const scope = ":where([data-peek-plugin=peek_plugin_pump])";
    const css = await fixture.content(/\.css$/);
    expect(css).toContain(`${scope} .more{color:red}body ${scope}{background:url(./icon-`);
    expect(await fixture.content(/Page.*\.js$/)).toMatch(/new URL\(.icon-[\w-]+\.png.,import\.meta\.url\)/);
  });

  it("leaves what the shell provides as imports, also of libraries in CommonJS, and brings the rest", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": `
        import { useObservable } from "@peek/client/react";
        import { Button } from "@peek/web/ui";
        import library from "library";
        export default () => <Button onPress={() => library(useObservable)} />;`,
      "node_modules/library/package.json": JSON.stringify({ name: "library", version: "1.0.0", main: "index.js" }),
      "node_modules/library/index.js":
        'const react = require("react"); module.exports = (given) => react.createElement("i", { given, "data-library": 1 });',
    });
    await fixture.build();
    const page = await fixture.content(/Page.*\.js$/);
    const imported = [...page.matchAll(/from"([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(imported)).toEqual(new Set(["react", "react/jsx-runtime", "@peek/client/react", "@peek/web/ui"]));
    expect(page).toContain("data-library");
    expect(page).not.toContain("require(");
    expect(await fixture.content(/index.*\.js$/)).toMatch(/^import\{definePluginWeb as \w+\}from"@peek\/web"/);
  });

  it("reports the size of the module, and of which packages each file consists", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": 'import library from "library"; export default () => library;',
      "node_modules/library/package.json": JSON.stringify({
        name: "library",
        version: "1.0.0",
        type: "module",
        main: "index.js",
      }),
      "node_modules/library/index.js": `export default "${"long ".repeat(2000)}";`,
    });
    await fixture.build();
    expect(fixture.lines).toContainEqual(expect.stringMatching(/^peek_plugin_pump: 2 files, \d\.\d KiB gzip\./));
    expect(fixture.lines).toContainEqual(
      expect.stringMatching(/^ {2}assets\/Page-\S+ +library 9\.9 KiB, own code 0\.1 KiB$/),
    );
  });

  it.each([
    [
      "a route without a component",
      { routes: [...web.routes, { path: "rows/:id", title: "Row" }] },
      'routes: { "": page }',
      'declares the route "rows/:id", but the module has no component',
    ],
    [
      "a component without a route",
      {},
      'routes: { "": page, rows: page }',
      'a component for the route "rows", which plugin_package.json does not declare',
    ],
    [
      "a command without a function",
      { commands: [{ id: "add-row", title: "Add" }] },
      'routes: { "": page }',
      'declares the command "add-row", but the module has no function',
    ],
    [
      "a function without a command",
      {},
      'routes: { "": page }, commands: { "add-row": () => 1 }',
      'a function for the command "add-row", which',
    ],
    ["settings that are missing", { settings: true }, 'routes: { "": page }', 'Add "settings" to definePluginWeb'],
    ["settings that are not declared", {}, 'routes: { "": page }, settings: page', 'Add "settings": true'],
  ])("fails for %s", async (_what, changed, keys, message) => {
    await using fixture = await ModuleFixture.make({
      "plugin_package.json": withWeb(changed),
      "web/src/index.ts": withKeys(keys),
    });
    await expect(fixture.build()).rejects.toThrow(message);
  });

  it("accepts routes of several sites, and keys that are not written out in the call", async () => {
    const admin = { web: { ...web, routes: [{ path: "admin", title: "Pumps" }] } };
    await using fixture = await ModuleFixture.make({
      "plugin_package.json": withWeb({}, { admin }),
      "web/src/index.ts": withKeys('routes: { "": page, admin: page }'),
    });
    await fixture.build();
    await fixture.save("web/src/index.ts", withKeys("routes: Object.fromEntries([]), ...{}"));
    await fixture.build();
  });

  it.each([
    [
      "a module of Node",
      'import { readFile } from "node:fs/promises"; console.log(readFile);',
      'web/src/Page.tsx: "node:fs/promises" is a module of Node',
    ],
    [
      "a module of Node without its prefix",
      'import { join } from "path"; console.log(join);',
      '"path" is a module of Node',
    ],
    [
      "a part of Peek for services",
      'import { PeekError } from "@peek/plugin-base"; console.log(PeekError);',
      'Import "@peek/plugin-base/contracts" instead',
    ],
    [
      "an internal of Peek",
      'import { x } from "@peek/live-protocol"; console.log(x);',
      '"@peek/live-protocol" is not for web modules. Of Peek, they import @peek/client,',
    ],
    ["eval()", 'eval("1");', "web/src/Page.tsx calls eval(): the site's policy forbids"],
    ["an indirect eval()", '(0, eval)("1"); globalThis.eval("1");', "calls eval()"],
    ["new Function()", 'console.log(new Function("return 1"));', "calls new Function()"],
    ["CSS that does not follow the syntax", 'import "./bad.css";', "web/src/bad.css:1: "],
  ])("fails for %s", async (_what, code, message) => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": `${code}\nexport default () => null;`,
      "web/src/bad.css": "a { x: y; }}",
    });
    await expect(fixture.build()).rejects.toThrow(message);
  });

  it("warns of the author's code that makes HTML of texts", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": `
        import library from "library";
        document.body.innerHTML = "<b>";
        document.body.insertAdjacentHTML("beforeend", library);
        export default () => <p dangerouslySetInnerHTML={{ __html: "<b>" }}>{document.body.outerHTML}</p>;`,
      "node_modules/library/package.json": JSON.stringify({ name: "library", version: "1.0.0", main: "index.js" }),
      "node_modules/library/index.js": 'document.head.innerHTML = ""; module.exports = "";',
    });
    await fixture.build();
    const warned = fixture.lines.flatMap(
      (line) => /(\S+) uses (\w+): browsers with Trusted Types/.exec(line)?.slice(1).join() ?? [],
    );
    expect(warned).toEqual(
      ["innerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML"].map((way) => `web/src/Page.tsx,${way}`),
    );
  });

  it("warns of a library that makes code of text", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": 'import library from "library"; export default () => library;',
      "node_modules/library/package.json": JSON.stringify({ name: "library", version: "1.0.0", main: "index.js" }),
      "node_modules/library/index.js": 'module.exports = Function("return this")();',
    });
    await fixture.build();
    expect(fixture.lines).toContainEqual(expect.stringContaining("node_modules/library/index.js calls Function()"));
  });

  it.each([
    [
      "without a module",
      { "plugin_package.json": JSON.stringify({ ...manifest, field: {} }) },
      {},
      'Add the key "web"',
    ],
    ["that is not JSON", { "plugin_package.json": "{" }, {}, /Failed to read .*plugin_package\.json/],
    [
      "that is invalid",
      { "plugin_package.json": withWeb({ icon: "No icon" }) },
      {},
      /is invalid at field\.web\.icon: the name of a Lucide icon/,
    ],
    [
      "with two modules",
      { "plugin_package.json": withWeb({}, { admin: { web: { ...web, dir: "web/admin/dist" } } }) },
      {},
      'Build each one with peekWeb({ dir: "web/dist" })',
    ],
    ["whose folder is not the wanted one", {}, { dir: "web/other" }, 'declares no web module "web/other"'],
    [
      "whose entry is missing",
      { "plugin_package.json": withWeb({ dir: "elsewhere/dist" }) },
      {},
      "no entry elsewhere/src/index.tsx or elsewhere/src/index.ts",
    ],
  ])("fails for a plugin_package.json %s", async (_what, files, options, message) => {
    await using fixture = await ModuleFixture.make(files);
    await expect(fixture.build(options)).rejects.toThrow(message);
  });

  it("fails for a file whose name a site would refuse, and names it", async () => {
    await using fixture = await ModuleFixture.make({
      "web/src/Page.tsx": 'import icon from "./größe.png"; export default () => <img src={icon} />;',
      "web/src/größe.png": "x".repeat(5000),
    });
    await expect(fixture.build()).rejects.toThrow(/The name "assets\/größe-[\w-]+\.png" has other characters/);
  });

  it("leaves the files of the build before when it fails, and removes them when it is written", async () => {
    await using fixture = await ModuleFixture.make({ "web/src/größe.png": "x".repeat(5000) });
    await fixture.build();
    const before = await fixture.built();
    await fixture.save("web/src/Page.tsx", 'import icon from "./größe.png"; export default () => <img src={icon} />;');
    await expect(fixture.build()).rejects.toThrow("has other characters");
    expect(await fixture.built()).toEqual(before);

    await fixture.save("web/src/Page.tsx", "export default () => <p>Changed</p>;");
    await fixture.build();
    const after = await fixture.built();
    expect(after).toHaveLength(before.length);
    expect(after.filter((file) => /Page.*\.js$/.test(file))).not.toEqual(
      before.filter((file) => /Page.*\.js$/.test(file)),
    );
    expect(await fixture.content(/Page.*\.js$/)).toContain("Changed");
  });

  it("builds each of two modules", async () => {
    const admin = { web: { ...web, dir: "web/admin/dist", routes: [{ path: "users", title: "Users" }] } };
    await using fixture = await ModuleFixture.make({
      "plugin_package.json": withWeb({}, { admin }),
      "web/admin/src/index.ts": withKeys("routes: { users: page }").replace("./Page", "../../src/Page"),
    });
    await fixture.build({ dir: "web/admin/dist" });
    await fixture.build({ dir: "web/dist" });
    expect(await fixture.built("web/admin/dist")).toContain("peek-web.json");
    expect(await fixture.built("web/dist")).toContain("peek-web.json");
  });
});
