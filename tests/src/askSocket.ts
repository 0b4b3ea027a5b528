import { request } from "node:http";

/** Sends a question, as JSON, to a plugin that listens on a socket. Resolves with its answer. */
export async function askSocket(socketPath: string, question: unknown): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const asking = request({ socketPath, method: "POST", agent: false }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => void (text += part));
    response.on("error", reject);
    response.on("end", () => resolve(JSON.parse(text)));
  });
  asking.on("error", reject);
  asking.end(JSON.stringify(question));
  return promise;
}
