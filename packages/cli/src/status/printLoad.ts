import type { ObservedService } from "@peek/platform";
import { printTable } from "../output.ts";
import { inUnits } from "../storage/inUnits.ts";

/** Prints the calls in progress of each service, the load of logic by channels, and of field and office by their browsers. */
export function printLoad(observed: readonly ObservedService[]): void {
  const calls = observed.flatMap(({ peer, status }) =>
    status?.calls === undefined ? [] : [[peer.instance, ...callCells(status.calls)]],
  );
  if (calls.length > 0) {
    console.log("");
    printTable([["CALLS OF", "PENDING", "WAITING", "RUNNING", "QUEUED"], ...calls]);
  }
  const provided = observed.flatMap(({ peer, status }) => {
    const { channels = 0, provided: load } = status?.live ?? {};
    if (load === undefined || load.observables === 0) return [];
    const counts = [load.observables, channels, load.followers, load.loads].map(String);
    return [[peer.instance, ...counts, inUnits(load.historyChars)]];
  });
  if (provided.length > 0) {
    console.log("");
    printTable([["LIVE DATA OF", "OBSERVABLES", "CHANNELS", "STREAMS", "LOADS", "HISTORY"], ...provided]);
  }
  const browsers = observed.flatMap(({ peer, status }) => {
    const { channels = 0, browsers: load } = status?.live ?? {};
    if (load === undefined) return [];
    const { connections, subscriptions, lagging, waitingBytes, actions } = load;
    const counts = [connections, subscriptions, channels, lagging, actions].map(String);
    return [[peer.instance, ...counts, inUnits(waitingBytes)]];
  });
  if (browsers.length === 0) return;
  console.log("");
  const heads = ["BROWSERS OF", "CONNECTED", "SUBSCRIPTIONS", "CHANNELS", "LAGGING", "ACTIONS", "WAITING TO BE SENT"];
  printTable([heads, ...browsers]);
}

type Calls = NonNullable<NonNullable<ObservedService["status"]>["calls"]>;

function callCells({ pending, waiting, running, queued }: Calls): readonly string[] {
  return [pending, waiting, running, queued].map(String);
}
