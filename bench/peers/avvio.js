import avvio from "avvio";
import { construct } from "../children/barePlugin.js";
import { readFileList } from "../children/readFileList.js";
import { ready } from "../children/ready.js";

// avvio has no class of its own for plugins: the very same files as for Peek, each imported within a plugin of avvio's.
const urls = readFileList();
const since = performance.now();
const plugins = [];
const app = avvio({}, { autostart: false });
for (const url of urls) {
  app.use(async () => {
    const plugin = construct(await import(url));
    await plugin.load();
    plugins.push(plugin);
  });
}
await app.ready();
// Nor has it a second phase.
for (const plugin of plugins) await plugin.start();
ready(since, urls.length);
