import { once } from "node:events";
import { connect } from "node:net";
import { buffer } from "node:stream/consumers";

/** Sends a text to a port, and returns all bytes until the connection is closed, as text. */
export async function rawRequest(port: number, lines: readonly string[]): Promise<string> {
  return (await rawBytes(port, lines)).toString();
}

/** As {@link rawRequest}, but returns the bytes. */
export async function rawBytes(port: number, lines: readonly string[]): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return await buffer(socket);
}

/** The lines of a request for a WebSocket. */
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
