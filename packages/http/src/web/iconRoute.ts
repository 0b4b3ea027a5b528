import { readFile } from "node:fs/promises";
import { webPaths } from "@peek/web/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { SiteSession } from "../sessions/SessionProvider.ts";
import { sendError } from "../site/sendError.ts";
import type { SiteWeb } from "./SiteWeb.ts";

/** The format of Iconify. An alias has the picture of its parent. */
const iconsSchema = z.object({
  icons: z.record(z.string(), z.object({ body: z.string() })),
  aliases: z.record(z.string(), z.object({ parent: z.string() })).default({}),
});

type Icons = z.infer<typeof iconsSchema>;

const week = 604_800;

/** Registers the icons of Lucide as SVG files. The set is read with the first icon. */
export function iconRoute(
  app: FastifyInstance,
  { iconsFile }: Pick<SiteWeb, "iconsFile">,
  sessionOf: (request: FastifyRequest, reply: FastifyReply) => Promise<SiteSession | undefined>,
): void {
  let reading: Promise<Icons> | undefined;
  const read = async (): Promise<Icons> => {
    const file = iconsFile();
    return file === undefined
      ? { icons: {}, aliases: {} }
      : iconsSchema.parse(JSON.parse(await readFile(file, "utf8")));
  };
  const icons = (): Promise<Icons> =>
    (reading ??= read().catch((error: unknown) => {
      // The next request tries again.
      reading = undefined;
      throw error;
    }));
  app.get<{ Params: { file: string } }>(`${webPaths.icons}:file`, async (request, reply) => {
    if ((await sessionOf(request, reply)) === undefined) return reply;
    const svg = svgOf(await icons(), request.params.file);
    if (svg === undefined) return sendError(reply, 404);
    return reply.header("cache-control", `private, max-age=${week}`).type("image/svg+xml; charset=utf-8").send(svg);
  });
}

function svgOf({ icons, aliases }: Icons, file: string): string | undefined {
  const name = /^([a-z0-9-]+)\.svg$/.exec(file)?.[1];
  if (name === undefined) return undefined;
  const parent = Object.hasOwn(aliases, name) ? aliases[name]?.parent : name;
  const body = parent !== undefined && Object.hasOwn(icons, parent) ? icons[parent]?.body : undefined;
  return body && `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">${body}</svg>`;
}
