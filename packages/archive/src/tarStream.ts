import { createTarPacker } from "modern-tar";
import { packagePrefix } from "./archiveEntries.ts";

/** A file to be packed. */
export interface PackedFile {
  /** Its path in the package. */
  readonly path: string;
  readonly read: () => Promise<Uint8Array>;
}

/** The time of all files in archives: npm has the same one. Equal content makes equal archives. */
const fixedTime = new Date("1985-10-26T08:15:00.000Z");

/** A tar of files, in their order. */
export async function* tarStream(files: readonly PackedFile[]): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const writing = writeAll(files, controller);
  // The reader gets the error too.
  writing.catch(() => undefined);
  yield* readable;
  await writing;
}

async function writeAll(
  files: readonly PackedFile[],
  controller: ReturnType<typeof createTarPacker>["controller"],
): Promise<void> {
  try {
    for (const { path, read } of files) {
      const content = await read();
      const header = { name: `${packagePrefix}${path}`, size: content.length, mode: 0o644, uid: 0, gid: 0 };
      const writer = controller.add({ ...header, type: "file", mtime: fixedTime }).getWriter();
      await writer.write(content);
      await writer.close();
    }
    controller.finalize();
  } catch (error) {
    controller.error(error);
    throw error;
  }
}
