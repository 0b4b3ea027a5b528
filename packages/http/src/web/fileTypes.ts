import { extname } from "node:path";

interface FileType {
  readonly type: string;
  readonly isCompressible: boolean;
}

const text = (type: string): FileType => ({ type: `${type}; charset=utf-8`, isCompressible: true });
const binary = (type: string): FileType => ({ type, isCompressible: false });

/** No HTML: a file of a module is part of a page, and not a document of its own. */
const types: ReadonlyMap<string, FileType> = new Map([
  [".js", text("text/javascript")],
  [".mjs", text("text/javascript")],
  [".css", text("text/css")],
  [".json", text("application/json")],
  [".map", text("application/json")],
  [".txt", text("text/plain")],
  [".svg", text("image/svg+xml")],
  [".webmanifest", text("application/manifest+json")],
  [".wasm", { type: "application/wasm", isCompressible: true }],
  [".ttf", { type: "font/ttf", isCompressible: true }],
  [".otf", { type: "font/otf", isCompressible: true }],
  [".woff", binary("font/woff")],
  [".woff2", binary("font/woff2")],
  [".png", binary("image/png")],
  [".jpg", binary("image/jpeg")],
  [".jpeg", binary("image/jpeg")],
  [".gif", binary("image/gif")],
  [".webp", binary("image/webp")],
  [".avif", binary("image/avif")],
  [".ico", binary("image/x-icon")],
  [".mp3", binary("audio/mpeg")],
  [".ogg", binary("audio/ogg")],
  [".wav", binary("audio/wav")],
  [".mp4", binary("video/mp4")],
  [".webm", binary("video/webm")],
]);

/** The media type of a file, by its name, and whether compression makes it smaller. */
export function fileTypeOf(name: string): FileType {
  return types.get(extname(name).toLowerCase()) ?? binary("application/octet-stream");
}
