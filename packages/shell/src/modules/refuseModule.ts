import { type CataloguePlugin, webApiVersion } from "@peek/web/protocol";

/** Both versions, if a module was built for another major version of the web API; undefined if it fits. */
export function refuseModule({
  webApi,
}: Pick<CataloguePlugin, "webApi">): { built: string; provided: string } | undefined {
  const isFit = majorOf(webApi) === majorOf(webApiVersion) && minorOf(webApi) <= minorOf(webApiVersion);
  return isFit ? undefined : { built: webApi, provided: webApiVersion };
}

function majorOf(version: string): number {
  return Number(version.split(".")[0]);
}

function minorOf(version: string): number {
  return Number(version.split(".")[1] ?? 0);
}
