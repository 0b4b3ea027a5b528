import { defineConfig } from "oxlint";

const services = ["logic", "field", "office", "worker", "agent"];

interface Ban {
  /** What the imported name matches, as in .gitignore; or as a regular expression. */
  readonly group?: string[];
  readonly regex?: string;
  /** Why not, and what instead. */
  readonly message: string;
}

const onlyPluginBase =
  "A plugin imports @peek/plugin-base and nothing else of the platform; what is live it gets by `this.platform`.";

const platformInternals: readonly Ban[] = [
  { group: ["@peek/*", "!@peek/plugin-base", "@peek/plugin-base/internal"], message: onlyPluginBase },
  { regex: `^(?:${services.join("|")})(?:/|$)`, message: onlyPluginBase },
];

const onlyContracts =
  "A plugin's pages import @peek/client, @peek/web, @peek/plugin-base/contracts and the plugin's own contracts: no part of a service.";

const partsOfPlugin = (among: readonly string[]): Ban => ({
  regex: `^\\..*/(?:${among.join("|")})/`,
  message: "The part of a plugin for one service imports itself and what all parts share; shared code imports no part.",
});

const nodeOnly: Ban = {
  regex: "^node:",
  message: "This code also runs in browsers, which have no Node modules.",
};

const ban = (...patterns: readonly Ban[]) => ({ "no-restricted-imports": ["error", { patterns }] as const });

export default defineConfig({
  plugins: ["typescript", "unicorn", "import", "promise", "node", "oxc"],
  options: { typeAware: true },
  categories: { correctness: "error", suspicious: "error" },
  ignorePatterns: ["**/dist/**", "**/bundle/**", "bench/peers/**"],
  rules: {
    eqeqeq: "error",
    "no-console": "error",
    "no-empty": "error",
    // Also cycles of type imports: a reader of one file would have to read all of them.
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "typescript/await-thenable": "error",
    // `typeof import("peek-plugin-x")` is how the type of another plugin's API is written.
    "typescript/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    // Steps that wait for each other are what much of this is about.
    "no-await-in-loop": "off",
    "no-shadow": "off",
    "no-underscore-dangle": "off",
    "import/no-named-as-default-member": "off",
    "unicorn/consistent-function-scoping": "off",
    // Rows of an expectation are told apart by it.
    "unicorn/no-useless-spread": "off",
    // A copy that has just been made may be sorted in its place.
    "unicorn/no-array-sort": "off",
    "unicorn/no-array-reverse": "off",
    // Not told apart from what is really unsafe: a check that has just been made.
    "typescript/no-unsafe-type-assertion": "off",
  },
  overrides: [
    {
      files: [
        "packages/errors/src/**",
        "packages/plugin-base/src/**",
        "packages/live-protocol/src/**",
        "packages/client/src/**",
        "packages/web/src/**",
      ],
      rules: ban(nodeOnly),
    },
    // Browsers get `sha256.browser.ts` instead.
    { files: ["packages/live-protocol/src/sha256.ts"], rules: { "no-restricted-imports": "off" } },
    { files: ["plugins/*/src/**"], rules: ban(...platformInternals, partsOfPlugin(services), nodeOnly) },
    {
      files: ["packages/shell/src/main.ts"],
      // A style sheet is imported to be there.
      rules: { "import/no-unassigned-import": ["error", { allow: ["**/*.css"] }] },
    },
    {
      files: ["plugins/*/web/**", "plugins/*/test/stages/*/web/**", "docs/kit/web/**"],
      rules: {
        // A style sheet is imported to be there.
        "import/no-unassigned-import": ["error", { allow: ["**/*.css"] }],
        ...ban(
          {
            group: ["@peek/*", "!@peek/plugin-base", "!@peek/client", "!@peek/web", "@peek/plugin-base/internal"],
            message: onlyContracts,
          },
          { group: ["@peek/web/host", "@peek/web/protocol"], message: onlyContracts },
          { group: ["@peek/plugin-base/*", "!@peek/plugin-base/contracts"], message: onlyContracts },
          { regex: `^\\..*/_private/(?:${services.join("|")})/`, message: onlyContracts },
          nodeOnly,
        ),
      },
    },
    // The entry is what imports a part, once its service asks for it.
    { files: ["plugins/*/src/index.ts"], rules: ban(...platformInternals, nodeOnly) },
    ...services.map((service) => ({
      files: [`plugins/*/src/_private/${service}/**`],
      rules: ban(...platformInternals, partsOfPlugin(services.filter((other) => other !== service))),
    })),
    {
      // What these print is what they are for.
      files: [
        "packages/cli/src/**",
        "packages/platform/src/launch.ts",
        "packages/platform/src/runServiceProcess.ts",
        "bench/**",
        "scripts/**",
        "docs/**",
      ],
      rules: { "no-console": "off" },
    },
    { files: ["**/test/**", "tests/**"], rules: { "typescript/no-extraneous-class": "off" } },
  ],
});
