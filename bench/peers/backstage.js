import { createSpecializedBackend } from "@backstage/backend-app-api";
import { coreServices, createServiceFactory } from "@backstage/backend-plugin-api";
import { ConfigReader } from "@backstage/config";
import { readFileList } from "../children/readFileList.js";
import { ready } from "../children/ready.js";

// The backend system without the services that the default backend brings (database, router, …): only those that it
// cannot start without, doing as little as they can.
const logger = { error: console.error, warn: console.error, info() {}, debug() {}, child: () => logger };

function lifecycle() {
  const hooks = [];
  return {
    addStartupHook: (hook) => hooks.push(hook),
    addShutdownHook() {},
    async startup() {
      for (const hook of hooks) await hook();
    },
    async beforeShutdown() {},
    async shutdown() {},
  };
}

const services = [
  [coreServices.rootLogger, () => logger],
  [coreServices.rootConfig, () => new ConfigReader({})],
  [coreServices.rootLifecycle, lifecycle],
  [coreServices.lifecycle, lifecycle],
];

const urls = readFileList();
const since = performance.now();
const backend = createSpecializedBackend({
  defaultServiceFactories: services.map(([service, factory]) => createServiceFactory({ service, deps: {}, factory })),
});
for (const url of urls) backend.add(import(url));
await backend.start();
ready(since, urls.length);
