import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { pumpSelector } from "./contracts.js";
import { FrameCounter } from "./FrameCounter.js";

/** The HTTP request of each server, and the messages until updates begin. */
const dialects = {
  ws: { path: "/", answers: () => undefined, ready: (text) => text === "hi" },
  peek: {
    path: "/vortex",
    protocol: "peek.client.1",
    answers: (text) => {
      if (text.startsWith('{"t":"hi"')) return JSON.stringify({ t: "sub", id: 1, sel: pumpSelector });
      return text === '{"t":"beat"}' ? text : undefined;
    },
    // The snapshot comes first, and is as long as an update.
    ready: () => false,
  },
  socketIo: {
    path: "/socket.io/?EIO=4&transport=websocket",
    answers: (text) => {
      if (text.startsWith("0")) return "40";
      return text === "2" ? "3" : undefined;
    },
    ready: (text) => text.startsWith("40"),
  },
};

/**
 * A subscriber of minimal cost, for any server: it only counts updates. If it parsed them, the bench would measure that.
 *
 * @param {{ port: number, dialect: keyof typeof dialects }} where
 * @param {() => void} onUpdate
 * @returns A promise that settles when updates begin.
 */
export function rawSubscriber({ port, dialect }, onUpdate) {
  const { path, protocol, answers, ready } = dialects[dialect];
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let isReady = false;
  const becomeReady = () => {
    isReady = true;
    resolve();
  };
  const counter = new FrameCounter(
    () => (isReady ? onUpdate() : becomeReady()),
    (text) => {
      const answer = answers(text);
      if (answer !== undefined) socket.write(textFrame(answer));
      if (!isReady && ready(text)) becomeReady();
    },
  );
  let upgrade = "";
  const onUpgrade = (chunk) => {
    upgrade += chunk.toString("latin1");
    const end = upgrade.indexOf("\r\n\r\n");
    if (end < 0) return;
    if (!upgrade.startsWith("HTTP/1.1 101 ")) reject(new Error(`Refused: ${upgrade.slice(0, 200)}`));
    socket.off("data", onUpgrade);
    socket.on("data", (data) => counter.take(data));
    counter.take(Buffer.from(upgrade.slice(end + 4), "latin1"));
  };
  socket.on("data", onUpgrade);
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("Cut off")));
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return promise;
}

/** A masked frame, as clients have to send; the mask is zero, which leaves the bytes unchanged. */
function textFrame(text) {
  const payload = Buffer.from(text);
  if (payload.length > 125) {
    return Buffer.concat([
      Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]),
      payload,
    ]);
  }
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
