import { generateKeyPairSync } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes the surroundings that a backend with Backstage's default services expects: an app in the layout of
 * `npx @backstage/create-app`, whose backend package depends on the plugins.
 *
 * @param dir Has a node_modules with the plugins already.
 */
export async function generateBackstageApp(dir: string, plugins: readonly string[]): Promise<void> {
  const backend = {
    name: "backend",
    version: "1.0.0",
    dependencies: Object.fromEntries(["@backstage/backend-defaults", ...plugins].map((name) => [name, "*"])),
  };
  const root = { name: "root", private: true, workspaces: ["packages/*"] };
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await mkdir(join(dir, "packages", "backend"), { recursive: true });
  await symlink(join("..", "packages", "backend"), join(dir, "node_modules", "backend"));
  const files: Readonly<Record<string, string>> = {
    "package.json": JSON.stringify(root),
    "packages/backend/package.json": JSON.stringify(backend),
    "app-config.yaml": appConfig,
    "public.pem": publicKey,
    "private.pem": privateKey,
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
}

/**
 * The other settings are Backstage's defaults, except the place of the plugins' keys: by default each plugin has a database for them,
 * and the case would measure databases. A base URL of localhost would make each plugin warn.
 */
const appConfig = `backend:
  baseUrl: https://backstage.example
  listen:
    host: 127.0.0.1
    port: 0
  auth:
    pluginKeyStore:
      type: static
      static:
        keys:
          - keyId: bench
            publicKeyFile: public.pem
            privateKeyFile: private.pem
`;
