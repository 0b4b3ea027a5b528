import { config } from "zod";
import { isModernBrowser } from "./isModernBrowser.ts";
import { installDefaultPolicy } from "./trustedTypes/installDefaultPolicy.ts";
import "@peek/web/styles/tokens.css";
import "@peek/web/styles/kit.css";
import "uplot/dist/uPlot.min.css";
import "./styles/shell.css";

// The policy of the page forbids code from text. Schemas must not try it: so this comes before the modules that define them.
config({ jitless: true });
installDefaultPolicy();

if (isModernBrowser()) {
  const { startApp } = await import("./startApp.tsx");
  await startApp();
}
