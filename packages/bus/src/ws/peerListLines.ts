import type { Peer, ServiceName } from "@peek/plugin-base";
import { LineKind } from "./exchangeProtocol.ts";

/** A part of a peer list ends when it has this many characters. */
const fullLine = 64 * 1024;

const jsonOfPeers = new WeakMap<Peer, string>();

/** The JSON of a peer: encoded once for all receivers. */
export function peerJson(peer: Peer): string {
  const existing = jsonOfPeers.get(peer);
  if (existing !== undefined) return existing;
  const json = JSON.stringify(peer);
  jsonOfPeers.set(peer, json);
  return json;
}

/** The lines of a peer list. */
export function* peerListLines(service: ServiceName, peers: readonly Peer[]): Generator<string> {
  let list = "";
  for (const peer of peers) {
    if (list.length > fullLine) {
      yield `${LineKind.somePeers}${service}\t[${list}]`;
      list = "";
    }
    list += (list === "" ? "" : ",") + peerJson(peer);
  }
  yield `${LineKind.peers}${service}\t[${list}]`;
}
