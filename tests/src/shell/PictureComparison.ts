import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";

const reduced = { width: 288, height: 180 };
/** In a cell are several letters: the fonts of a machine change its mean colour less than another layout. */
const cells = { width: 48, height: 30 };
/** By how much the mean colour of a cell may differ, of 255. */
const tolerance = 24;

/** Red, green and blue. */
type Color = readonly number[];

/**
 * Compares pictures of pages with those that were looked at and are kept in a folder, reduced to 288 × 180 pixels.
 *
 * A picture that is missing is written, and the comparison fails. To replace one, delete it, run the test, look at the new picture, and
 * commit it.
 */
export class PictureComparison {
  readonly #dir: string;
  /** An empty page, in whose canvas the pictures are reduced. */
  readonly #page: Page;

  constructor(dir: string, page: Page) {
    this.#dir = dir;
    this.#page = page;
  }

  /** The share of what is shown on the background, from 0 to 1, that differs from the kept picture. @throws Error when there is none. */
  async difference(name: string, picture: Buffer): Promise<number> {
    const small = await this.#reduce(picture);
    const file = join(this.#dir, `${name}.png`);
    if (!existsSync(file)) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, small);
      throw new Error(`The picture ${file} was missing, and is written now. Look at it, and commit it.`);
    }
    const [kept, now] = [await this.#colors(await readFile(file)), await this.#colors(small)];
    const background = mostFrequent(kept);
    const all = kept.map((color, index) => ({ before: color, after: now[index] ?? color }));
    const shown = all.filter(({ before, after }) => !isLike(before, background) || !isLike(after, background));
    return shown.filter(({ before, after }) => !isLike(before, after)).length / shown.length;
  }

  async #reduce(picture: Buffer): Promise<Buffer> {
    const url = await this.#page.evaluate<string>(
      `(${drawn})(${argumentsOf(picture, reduced)}, (canvas) => canvas.toDataURL())`,
    );
    return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
  }

  /** The mean colours of the cells. */
  async #colors(picture: Buffer): Promise<readonly Color[]> {
    const data = await this.#page.evaluate<number[]>(
      `(${drawn})(${argumentsOf(picture, cells)}, (canvas, context) => [...context.getImageData(0, 0, canvas.width, canvas.height).data])`,
    );
    return Array.from({ length: data.length / 4 }, (_, cell) => data.slice(cell * 4, cell * 4 + 3));
  }
}

function isLike(one: Color, other: Color): boolean {
  return one.every((value, channel) => Math.abs(value - (other[channel] ?? 0)) <= tolerance);
}

function mostFrequent(colors: readonly Color[]): Color {
  const groups = Map.groupBy(colors, String);
  const [first = []] = [...groups.values()].sort((one, other) => other.length - one.length)[0] ?? [];
  return first;
}

function argumentsOf(picture: Buffer, size: { readonly width: number; readonly height: number }): string {
  return JSON.stringify([`data:image/png;base64,${picture.toString("base64")}`, size.width, size.height]);
}

/** Runs in the page: draws a picture in a size. */
const drawn = `async ([source, width, height], read) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return read(canvas, context);
}`;
