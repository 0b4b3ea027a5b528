import { connect } from "@peek/client";
import { WebSocket } from "ws";
import { readArgument } from "../readArgument.js";

let last = 0;

/** A separate browser from Peek's view, without persistent storage. */
export function openClient() {
  last += 1;
  return connect({
    url: readArgument().url,
    name: `bench-${last}`,
    storage: "memory",
    open: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
  });
}
