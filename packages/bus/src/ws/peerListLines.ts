import type { Peer, ServiceName } from "@peek/plugin-base";
import { LineKind } from "./exchangeProtocol.ts";

/** A line with peers is ended when it has grown to this many characters. */
const fullLine = 64 * 1024;

const texts = new WeakMap<Peer, string>();

/** A peer as JSON, made once for all who are told of it. */
export function peerText(peer: Peer): string {
  const known = texts.get(peer);
  if (known !== undefined) return known;
  const text = JSON.stringify(peer);
  texts.set(peer, text);
  return text;
}

/** The lines that tell who is connected of a service. */
export function* peerListLines(service: ServiceName, peers: readonly Peer[]): Generator<string> {
  let list = "";
  for (const peer of peers) {
    if (list.length > fullLine) {
      yield `${LineKind.somePeers}${service}\t[${list}]`;
      list = "";
    }
    list += (list === "" ? "" : ",") + peerText(peer);
  }
  yield `${LineKind.peers}${service}\t[${list}]`;
}
