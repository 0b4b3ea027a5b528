import { createHash } from "node:crypto";
import { webPaths } from "@peek/web/protocol";
import { developmentBase, developmentPaths, sharedUrl } from "./developmentPaths.ts";
import type { DevelopmentShell } from "./DevelopmentShell.ts";

/** A page and its policy. */
export interface DevelopmentPage {
  readonly html: string;
  readonly policy: string;
}

const importMap = /<script type="importmap">[^]*?<\/script>/;

/** Whether a page is that of the app, and not the login or a message. */
export function isAppPage(html: string): boolean {
  return importMap.test(html);
}

/**
 * The page of the app with the development build of the shell, Vite's client and React's Fast Refresh. Its policy differs from the site's only
 * in the hash of the import map.
 *
 * @param html The page of the site.
 * @param policy The site's header content-security-policy.
 */
export function developmentPage(html: string, policy: string, shell: DevelopmentShell): DevelopmentPage {
  const urlOf = (file: string): string => `${developmentPaths.shell}${file}`;
  const imports = Object.entries(shell.imports).flatMap(([specifier, file]) => [
    [specifier, urlOf(file)] as const,
    [sharedUrl(specifier), urlOf(file)] as const,
  ]);
  const map = JSON.stringify({ imports: Object.fromEntries(imports) }).replaceAll("<", "\\u003c");
  const head = [
    `<script type="importmap">${map}</script>`,
    ...shell.styles.map((file) => `<link rel="stylesheet" href="${urlOf(file)}">`),
    `<script type="module" src="${developmentBase}@vite/client"></script>`,
    `<script type="module" src="${developmentPaths.preamble}"></script>`,
  ];
  const links = new RegExp(`<link rel="(?:stylesheet|modulepreload)" href="${webPaths.shell}[^"]*">\n?`, "g");
  const main = new RegExp(`<script type="module" src="${webPaths.shell}[^"]*">`);
  return {
    html: html
      .replace(links, "")
      .replace(importMap, () => head.join("\n"))
      .replace(main, () => `<script type="module" src="${urlOf(shell.module)}">`),
    policy: policy.replace(/'sha256-[^']+'/, `'sha256-${createHash("sha256").update(map).digest("base64")}'`),
  };
}

/** React's Fast Refresh has to be there before React. */
export const preamble = `import { injectIntoGlobalHook } from "${developmentBase}@react-refresh";
injectIntoGlobalHook(window);
window.$RefreshReg$ = () => {};
window.$RefreshSig$ = () => (type) => type;
`;
