import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";

/** Sends a text to a port, and gives all that comes back until the connection is closed. */
export async function rawRequest(port: number, lines: readonly string[]): Promise<string> {
  return (await rawBytes(port, lines)).toString();
}

/** As {@link rawRequest}, with the bytes as they came. */
export async function rawBytes(port: number, lines: readonly string[]): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return await buffer(socket);
}

/** What an upgrade is asked for with. */
export function upgradeLines(path: string, headers: Readonly<Record<string, string>> = {}): readonly string[] {
  const all = {
    host: "127.0.0.1",
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  return [`GET ${path} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)];
}
