import { z } from "zod";

const text = z.string().min(1).max(200);
const groups = z
  .array(z.string().min(1).max(100))
  .min(1)
  .max(100)
  .optional()
  .describe("The groups whose users see it and may load it. Default: all users of the site.");
const icon = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'the name of a Lucide icon, such as "table"' })
  .max(60)
  .describe('The name of an icon of lucide.dev: "table".');
const id = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'lower case letters, digits and hyphens, such as "add-row"' })
  .max(60);
const routePath = z
  .string()
  .max(200)
  .regex(/^(?:$|(?::?[A-Za-z0-9_-]+)(?:\/:?[A-Za-z0-9_-]+)*$)/, {
    error: 'a path without a slash at its ends, such as "rows" or "rows/:id"',
  });

const route = z.strictObject({
  path: routePath.describe('Below /app/<plugin>: "", "rows", "rows/:id". A part after a colon is a parameter.'),
  title: text.describe("For the menu, the breadcrumbs and the title of the page."),
  icon: icon.optional(),
  showInMenu: z
    .boolean()
    .optional()
    .describe("Whether the side menu has a link to it. Default: true for a path without parameters."),
  groups,
});

const command = z.strictObject({
  id: id.describe("The key under which the module exports the command's function."),
  title: text.describe("The text in the command palette."),
  icon: icon.optional(),
  keywords: z.array(text).max(20).optional().describe("More words by which the command palette finds it."),
  groups,
});

/**
 * A plugin's tile, menu entries, pages and commands, which the app of a site shows before it loads any of the plugin's code: the key `web` of the sections `field`, `office`
 * and `admin`.
 */
export const webSectionSchema = z
  .strictObject({
    dir: text.describe(
      'The folder with the built web module, relative to the package: "web/dist". It contains peek-web.json, which the build writes.',
    ),
    title: text.optional().describe("Default: plugin.title."),
    icon: icon.optional().describe('The name of an icon of lucide.dev: "table". Default: "puzzle".'),
    showHomeLink: z.boolean().optional().describe("Whether the home screen has a tile of the plugin. Default: true."),
    showInTitleBar: z
      .boolean()
      .optional()
      .describe("Whether the title bar has a link to the plugin on large screens. Default: false."),
    titleBarText: text.optional().describe("The text of that link. Default: the title."),
    badge: z
      .string()
      .max(200)
      .optional()
      .describe(
        "The name of an observable made with defineBadge, whose value the tile and the menu show: peek_plugin_tutorial.RowCount. Default: none.",
      ),
    groups,
    routes: z
      .array(route)
      .min(1)
      .max(100)
      .describe("The pages of the plugin. The first one that a user may see opens when its tile is clicked."),
    commands: z.array(command).max(100).optional().describe("The commands of the plugin in the command palette."),
    settings: z
      .boolean()
      .optional()
      .describe("Whether the module exports a part for the page of settings. Default: false."),
  })
  .describe("The plugin's tile, menu entries, pages and commands in the app of the site.");

/** The checked key `web` of a section. */
export type WebSection = z.infer<typeof webSectionSchema>;
