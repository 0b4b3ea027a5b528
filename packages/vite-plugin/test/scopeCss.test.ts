import type { PeekError } from "@peek/plugin-base";
import * as fc from "fast-check";
import { type Selector, transform } from "lightningcss";
import { describe, expect, it } from "vitest";
import { scopeCss } from "../src/css/scopeCss.ts";

const plugin = "peek_plugin_pump";

/** The scoped rules in one line, with `@` for the container. */
function scoped(css: string): string {
  return scopeCss(css, plugin, "page.css")
    .css.replaceAll(`:where([data-peek-plugin="${plugin}"])`, "@")
    .replaceAll(/\s+/g, " ")
    .trim();
}

describe("the style sheets of a plugin", () => {
  it.each([
    ["a class", ".a{x:y}", "@ .a { x: y; }"],
    ["all elements", "*{x:y}", "@ * { x: y; }"],
    ["the body, which becomes the container", "body{x:y}", "body @ { x: y; }"],
    ["html and :root, which do too", "html,:root{--x:1}", "html @, :root @ { --x: 1; }"],
    ["what is below the body", "html body > .a{x:y}", "html body @ > .a { x: y; }"],
    ["a theme of the page", 'html[data-theme="dark"] .a{x:y}', 'html[data-theme="dark"] @ .a { x: y; }'],
    ["what is said of the body elsewhere in a selector", ".b:is(body *){x:y}", "@ .b:is(body *) { x: y; }"],
    ["a list of page elements", ":where(html, body) .a{x:y}", ":where(html, body) @ .a { x: y; }"],
    ["siblings of the body, which there are none", "body + *, body ~ .a{x:y}", "@ body + *, @ body ~ .a { x: y; }"],
    [
      "pseudo-elements",
      "::selection, body::before, .a::after{x:y}",
      "@ ::selection, body @:before, @ .a:after { x: y; }",
    ],
    ["what is not an element", ":not(.a){x:y}", "@ :not(.a) { x: y; }"],
    ["a page that has an element", "body:has(.a){x:y}", "body:has(.a) @ { x: y; }"],
    ["nested rules", ".a{&:hover{x:y} .b &{x:y}}", "@ .a:hover, @ .b .a { x: y; }"],
    ["nested rules that leave their element", ".a{:not(&){x:y}}", "@ :not(.a) { x: y; }"],
    ["nested rules of the body that leave it", "body{+ *{x:y}}", "@ body + * { x: y; }"],
    ["a nesting selector without a rule around it", "& .a{x:y}", ":scope @ .a { x: y; }"],
    ["@media", "@media print{.a{x:y}}", "@media print { @ .a { x: y; } }"],
    ["@supports", "@supports (x: y){.a{x:y}}", "@supports (x: y) { @ .a { x: y; } }"],
    ["@container", "@container c (width > 1px){.a{x:y}}", "@container c (width > 1px) { @ .a { x: y; } }"],
    ["@starting-style", "@starting-style{.a{x:y}}", "@starting-style { @ .a { x: y; } }"],
    ["nested @media", ".a{@media print{x:y}}", "@media print { @ .a { x: y; } }"],
    ["@scope", "@scope (body) to (.b){.a{x:y}}", "@scope (body @) to (.b) { .a { x: y; } }"],
    ["@scope without a root", "@scope{.a{x:y}}", "@scope (@) { .a { x: y; } }"],
    ["@charset", '@charset "utf-8";.a{x:y}', "@ .a { x: y; }"],
    ["a rule without an end", ".a{x:y", "@ .a { x: y; }"],
    ["braces in texts", '.a::before{content:"}*{x:y}"}', '@ .a:before { content: "}*{x:y}"; }'],
    ["braces in comments", ".a{/* } * { */x:y}", "@ .a { x: y; }"],
  ])("concern only its container: %s", (_what, css, expected) => {
    expect(scoped(css)).toBe(expected);
  });

  it("have layers, keyframes and fonts of their own", () => {
    expect(scoped("@layer base, top; @layer base{.a{x:y} @layer in{.b{x:y}}}")).toBe(
      `@layer ${plugin}.base { @ .a { x: y; } @layer in { @ .b { x: y; } } } @layer ${plugin}.top;`,
    );
    expect(scoped("@keyframes spin{to{rotate:1turn}} .a{animation:spin 1s ease} .b{animation-name:other, none}")).toBe(
      `@keyframes ${plugin}-spin { to { rotate: 1turn; } } @ .a { animation: 1s ${plugin}-spin; } @ .b { animation-name: ${plugin}-other, none; }`,
    );
    expect(scoped(".a{animation:var(--x) 1s spin ease-in}")).toBe(
      `@ .a { animation: var(--x) 1s ${plugin}-spin ease-in; }`,
    );
    expect(scoped("@keyframes spin{to{top:0}} :root{--turn: spin 1s linear}")).toContain(
      `--turn: ${plugin}-spin 1s linear`,
    );
    expect(scoped("@font-face{font-family:Sign;src:url(s.woff2)} .a{font-family:Sign,serif} .b{font:12px Sign}")).toBe(
      `@font-face { font-family: ${plugin} Sign; src: url("s.woff2"); } @ .a { font-family: ${plugin} Sign, Sign, serif; } @ .b { font: 12px ${plugin} Sign, Sign; }`,
    );
  });

  it("have no rules for the whole page: each one is reported", () => {
    const css =
      '@import url("https://example.com/a.css");@page{margin:0}@view-transition{navigation:auto}@counter-style c{symbols:x}@property --peek-text{syntax:"*";inherits:false}.a{x:y}';
    const { problems } = scopeCss(css, plugin, "page.css");
    expect(scoped(css)).toBe("@ .a { x: y; }");
    expect(problems).toEqual([
      expect.stringContaining('@import "https://example.com/a.css" is left out'),
      expect.stringContaining("@page is left out"),
      expect.stringContaining("@view-transition is left out"),
      expect.stringContaining("@counter-style is left out"),
      expect.stringContaining("@property --peek-text is left out"),
    ]);
  });

  it.each(["a{x:y}}", "+ .a{x:y}", "> .a{x:y}", "a,,b{x:y}", "{x:y}", "}body{x:y}"])(
    "are refused with their file and line where the syntax is wrong: %s",
    (css) => {
      expect(() => scopeCss(`.ok{x:y}\n${css}`, plugin, "web/src/page.css")).toThrow(
        expect.objectContaining({
          code: "WEB_BUILD_INVALID",
          message: expect.stringMatching(/^web\/src\/page\.css:2: .*\. Correct the style sheet\.$/),
        }) as PeekError,
      );
    },
  );

  it("concern only its container, however a sheet is composed", () => {
    const element = fc.constantFrom("", "*", "a", "html", "body", "&");
    const condition = fc.constantFrom(
      ...[
        "",
        "",
        ".a",
        "#a",
        "[a]",
        ":root",
        ":host",
        ":scope",
        ":hover",
        ":not(.a)",
        ":not(body)",
        ":is(html, body)",
        ":is(body *)",
      ],
      ...[
        ":where(:root)",
        ":has(+ *)",
        ":has(body)",
        ":nth-child(2 of body)",
        ":not(&)",
        ":is(&, body)",
        ":has(&)",
        "::before",
      ],
    );
    const compound = fc
      .tuple(element, condition, condition)
      .map((parts) => (parts.join("") === "" ? ".b" : parts.join("")));
    const combinator = fc.constantFrom(" ", ">", "+", "~", ",");
    const selector = fc
      .array(fc.tuple(combinator, compound), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.flat().slice(1).join(""));
    const atRule = fc.constantFrom(
      ...[
        "@media print",
        "@layer x",
        "@layer",
        "@scope (body)",
        "@scope",
        "@supports (x:y)",
        "@container (width>1px)",
        "@starting-style",
      ],
    );
    const junk = fc.constantFrom(
      "}",
      "{",
      "@import url(https://x/y.css);",
      "/*",
      "*/",
      "'",
      "@x{}",
      "+ a{x:y}",
      "svg|a{x:y}",
      "a||b{x:y}",
    );
    const { sheet } = fc.letrec<{ sheet: string; rule: string }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 3 },
        { weight: 8, arbitrary: selector.map((text) => `${text}{x:y}`) },
        { weight: 8, arbitrary: fc.tuple(selector, tie("sheet")).map(([head, body]) => `${head}{x:y;${body}}`) },
        { weight: 4, arbitrary: fc.tuple(atRule, tie("sheet")).map(([head, body]) => `${head}{${body}}`) },
        { weight: 1, arbitrary: junk },
      ),
      sheet: fc.array(tie("rule"), { maxLength: 3 }).map((rules) => rules.join("")),
    }));
    let kept = 0;
    fc.assert(
      fc.property(sheet, (css) => {
        let result: string;
        try {
          result = scopeCss(css, plugin, "page.css").css;
        } catch (error) {
          expect(error).toMatchObject({ code: "WEB_BUILD_INVALID" });
          return;
        }
        const selectors = selectorsOf(result);
        kept += selectors.length;
        expect(selectors.filter((each) => !isLimited(each))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    // The generator makes enough sheets that are valid.
    expect(kept).toBeGreaterThan(500);
  });
});

/** The selectors of the style rules of a sheet that are not within `@scope`, and the roots of `@scope`. */
function selectorsOf(css: string): readonly Selector[] {
  const found: Selector[] = [];
  const visit = (rules: readonly unknown[]): void => {
    for (const rule of rules as readonly {
      type: string;
      value: { selectors?: Selector[]; scopeStart?: Selector[]; rules?: unknown[] };
    }[]) {
      if (rule.type === "style") found.push(...(rule.value.selectors ?? []));
      if (rule.type === "scope") found.push(...(rule.value.scopeStart ?? [[]]));
      else visit(rule.value.rules ?? []);
    }
  };
  transform({ filename: "scoped.css", code: Buffer.from(css), visitor: { StyleSheet: ({ rules }) => visit(rules) } });
  return found;
}

/** Whether a selector selects the container, or what is below it: whatever follows the container begins with a step into it. */
function isLimited(selector: Selector): boolean {
  const index = selector.findIndex((each) => JSON.stringify(each).includes("data-peek-plugin"));
  const before = selector[index - 1];
  const next = selector[index + 1];
  if (index === -1 || (before !== undefined && before.type !== "combinator")) return false;
  if (next === undefined || next.type === "pseudo-element") return true;
  return (
    next.type === "combinator" &&
    (next.value === "descendant" || next.value === "child" || next.value === "pseudo-element")
  );
}
