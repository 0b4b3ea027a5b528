import { sharedModules } from "@peek/web/protocol";
import { markdownTable } from "./markdownTable.ts";

/** The purpose of each shared module. */
const purposes: Readonly<Record<(typeof sharedModules)[number], string>> = {
  react: "React",
  "react/jsx-runtime": "The functions that JSX is compiled to",
  "react-dom": "`createPortal`, `flushSync`",
  "react-dom/client": "`createRoot`, for libraries that render into elements of their own",
  "@peek/client": "Types of live data; `connect()` is called by the app",
  "@peek/client/react":
    "`useObservable`, `useAction`, `usePending`, `useConnection`, `usePeek`: see [live data](live-data.md)",
  "@peek/plugin-base/contracts": "Contracts: `defineTuple`, `defineAction`, …",
  "@peek/web": "`definePluginWeb` and the [hooks](#hooks)",
  "@peek/web/ui": "The [UI kit](ui-kit.md)",
  "@peek/web/table": "Tables of many live rows",
  "@peek/web/charts": "Charts",
  zod: "The schemas of contracts and forms",
};

/** The modules that the app provides to web modules. */
export function sharedModulesTable(): string {
  return markdownTable(
    ["module", "purpose"],
    sharedModules.map((name) => [`\`${name}\``, purposes[name]]),
  );
}
