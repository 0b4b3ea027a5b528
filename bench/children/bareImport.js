import { readFileList } from "./readFileList.js";
import { construct, runAll } from "./barePlugin.js";
import { ready } from "./ready.js";

// The minimum of any platform: import each plugin, construct it, load it, start it. It checks nothing.
const urls = readFileList();
const since = performance.now();
const plugins = [];
for (const url of urls) plugins.push(construct(await import(url)));
await runAll(plugins);
ready(since, urls.length);
