import { readFileList } from "./readFileList.js";
import { construct, runAll } from "./barePlugin.js";
import { ready } from "./ready.js";

// What no platform can do without: import each plugin, construct it, load it, start it. Nothing is checked.
const urls = readFileList();
const since = performance.now();
const plugins = [];
for (const url of urls) plugins.push(construct(await import(url)));
await runAll(plugins);
ready(since, urls.length);
