import { connect } from "node:net";
import { WebSocket } from "ws";
import { exchangePath, protocol } from "../../src/ws/exchangeProtocol.ts";

/** The properties of an upgrade request. The defaults are valid. */
export interface UpgradeOptions {
  readonly token?: string;
  readonly authorization?: string;
  readonly path?: string;
  readonly subprotocol?: string;
  readonly secure?: boolean;
  readonly ca?: string;
}

/** The answer to an upgrade request. */
export interface Answer {
  /** 101: accepted; 0: the connection was cut. */
  readonly status: number;
  readonly text: string;
}

/** Requests a WebSocket from an exchange, and disconnects. */
export async function requestUpgrade(port: number, options: UpgradeOptions = {}): Promise<Answer> {
  const { token, path = exchangePath, subprotocol = protocol, secure = false, ca } = options;
  const authorization = options.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
  const socket = new WebSocket(`${secure ? "wss" : "ws"}://127.0.0.1:${port}${path}`, subprotocol, {
    ...(authorization !== undefined && { headers: { authorization } }),
    ...(ca !== undefined && { ca }),
  });
  const { promise, resolve } = Promise.withResolvers<Answer>();
  socket.on("open", () => resolve({ status: 101, text: "" }));
  socket.on("error", (error) => resolve({ status: 0, text: error.message }));
  socket.on("unexpected-response", (_request, response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => void (text += part));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
  });
  const answer = await promise;
  socket.terminate();
  return answer;
}

/** Connects by TCP, sends bytes, and returns the answer when the other side has closed the connection. */
export async function sendRawBytes(port: number, bytes: Uint8Array | string, host = "127.0.0.1"): Promise<string> {
  const socket = connect({ host, port });
  let answer = "";
  socket.on("data", (part: Buffer) => void (answer += part.toString("latin1")));
  // The connection may be cut while it is written to.
  socket.on("error", () => undefined);
  socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  return answer;
}
