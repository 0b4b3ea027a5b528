import { connect } from "@peek/client";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";

let last = 0;

/** A browser of its own, as far as Peek can tell; nothing survives it. */
export function openClient() {
  last += 1;
  return connect({
    url: readArgument().url,
    name: `bench-${last}`,
    storage: "memory",
    open: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
  });
}
