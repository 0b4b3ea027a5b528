import { readFileList } from "./readFileList.js";
import { construct, runAll } from "./barePlugin.js";
import { ready } from "./ready.js";

// Like bareImport.js, but all imports begin at once.
const urls = readFileList();
const since = performance.now();
const plugins = await Promise.all(urls.map(async (url) => construct(await import(url))));
await runAll(plugins);
ready(since, urls.length);
