import { createHash } from "node:crypto";
import { type BuiltShell, webPaths } from "@peek/web/protocol";
import { escapeHtml } from "../site/htmlPage.ts";

/** The page of the app. */
export interface ShellPage {
  readonly html: string;
  /** The source of the import map for `script-src`: `'sha256-…'`. */
  readonly scriptSource: string;
}

const tooOld =
  "This page needs JavaScript and a browser of 2024 or later: Chrome or Edge 126, Firefox 126, Safari 18. If this text stays, update the browser, and reload the page.";

/** Makes the page at `/` and `/app/`. It is the same for all users. */
export function shellPage(title: string, { hash, imports, module, styles, preloads }: BuiltShell): ShellPage {
  const urlOf = (file: string): string => `${webPaths.shell}${hash}/${file}`;
  const urls = Object.fromEntries(Object.entries(imports).map(([specifier, file]) => [specifier, urlOf(file)]));
  // "<" could end the script element.
  const importMap = JSON.stringify({ imports: urls }).replaceAll("<", "\\u003c");
  const styleLinks = styles.map((file) => `<link rel="stylesheet" href="${urlOf(file)}">`);
  const preloadLinks = preloads.map((file) => `<link rel="modulepreload" href="${urlOf(file)}">`);
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#1a2027">
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/svg+xml" href="${webPaths.appIcon}">
<link rel="apple-touch-icon" href="${webPaths.appIcons}peek-180.png">
<link rel="manifest" href="${webPaths.webManifest}">
<script type="importmap">${importMap}</script>
<link rel="preload" as="fetch" crossorigin href="${webPaths.catalogue}">
${[...styleLinks, ...preloadLinks].join("\n")}
<style>
html { background: light-dark(#f2f4f6, #12161a) }
#peek-app > .peek-progress { position: fixed; inset: 0 0 auto; block-size: 4px; transform-origin: left; background: light-dark(#1f5f9e, #7db5ee); animation: peek-load 8s cubic-bezier(0.1, 0.7, 0.3, 1) both }
@keyframes peek-load { from { transform: scaleX(0.02) } to { transform: scaleX(0.95) } }
#peek-app > .peek-too-old { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; visibility: hidden; animation: peek-show 0s 30s forwards }
@keyframes peek-show { to { visibility: visible } }
</style>
<noscript><style>#peek-app > .peek-too-old { visibility: visible; animation: none } #peek-app > .peek-progress { display: none }</style></noscript>
</head>
<body>
<div id="peek-app"><div class="peek-progress" role="progressbar" aria-label="Peek"></div><p class="peek-too-old">${escapeHtml(tooOld)}</p></div>
<script type="module" src="${urlOf(module)}"></script>
</body>
</html>
`;
  const digest = createHash("sha256").update(importMap).digest("base64");
  return { html, scriptSource: `'sha256-${digest}'` };
}
