import { spawn } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, symlink } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { root } from '../docs/pages.js';

/** A registry of packages on this machine, and the environment for package managers to use it. */
export interface Registry extends AsyncDisposable {
  /** The environment that package managers need to install from it, with caches of their own. */
  readonly env: Readonly<Record<string, string>>;
}

type Manifest = Record<string, unknown> & { name: string; version: string };

/**
 * Serves the packed library, and the packages that are installed in the repository: commands such as `npm install
 * obverse` run as they are written, without a network. `latest` names the folder in `node_modules` whose version is the
 * latest one of its package, if several are installed; otherwise it is the highest version.
 *
 * @param folder for the files that it writes, which the caller removes
 * @param tarball the packed library
 */
export async function registry(folder: string, tarball: string, ...latest: string[]): Promise<Registry> {
  const installed = installedPackages(join(root, 'node_modules'));
  const own = await mkdtemp(join(folder, 'registry-'));
  const server = http.createServer(async ({ url = '/' }, response) => {
    const [name = '', version] = decodeURIComponent(url.slice(1))
      .replace(/\.tgz$/, '')
      .split('/-/');
    const versions = installed.get(name);
    if (name === 'obverse' && version !== undefined) return createReadStream(tarball).pipe(response);
    if (version !== undefined) {
      const at = versions?.get(version);
      return at === undefined ? response.writeHead(404).end() : pipeline(await packing(own, at), response, () => {});
    }
    const manifests = name === 'obverse' ? [manifestOf(root)] : [...(versions?.values() ?? [])].map(manifestOf);
    if (manifests.length === 0) return response.writeHead(404).end('{}');
    const named = latest
      .map((each) => join(root, 'node_modules', each))
      .find((at) => versions?.get(manifestOf(at).version) === at);
    const newest = named === undefined ? manifests.sort(byVersion).at(-1) : manifestOf(named);
    const base = `http://127.0.0.1:${port}`;
    const packument = {
      name,
      'dist-tags': { latest: newest?.version },
      versions: Object.fromEntries(
        manifests.map((manifest) => [
          manifest.version,
          { ...manifest, dist: { tarball: `${base}/${name}/-/${manifest.version}.tgz` } },
        ]),
      ),
    };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(packument));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}/`;
  return {
    env: {
      npm_config_registry: address,
      NPM_CONFIG_REGISTRY: address,
      npm_config_cache: join(own, 'npm'),
      npm_config_audit: 'false',
      npm_config_update_notifier: 'false',
      BUN_INSTALL_CACHE_DIR: join(own, 'bun'),
      DENO_DIR: join(own, 'deno'),
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The folders of the packages installed in a folder `node_modules`, and below it: by name, then by version. */
function installedPackages(modules: string, installed = new Map<string, Map<string, string>>()): typeof installed {
  for (const name of readdirSync(modules)) {
    const at = join(modules, name);
    if (name.startsWith('@')) installedPackages(at, installed);
    if (!existsSync(join(at, 'package.json'))) continue;
    const { name: own, version } = manifestOf(at);
    installed.set(own, (installed.get(own) ?? new Map<string, string>()).set(version, at));
    const nested = join(at, 'node_modules');
    if (existsSync(nested)) installedPackages(nested, installed);
  }
  return installed;
}

/** The manifest of a package in the format of a registry. */
function manifestOf(folder: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { devDependencies, bin, ...shown } = manifest;
  if (typeof bin === 'string') return { ...shown, bin: { [basename(manifest.name)]: bin } } as Manifest;
  return { ...shown, bin } as Manifest;
}

function byVersion(one: Manifest, other: Manifest): number {
  return one.version.localeCompare(other.version, 'en', { numeric: true });
}

/** Packs an installed package, without the packages that are installed below it. */
async function packing(folder: string, from: string): Promise<NodeJS.ReadableStream> {
  const at = await mkdtemp(join(folder, 'pack-'));
  await symlink(from, join(at, 'package'), 'junction');
  const { stdout } = spawn('tar', ['-chf', '-', '--exclude=package/node_modules', 'package'], {
    cwd: at,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return stdout.pipe(createGzip({ level: 1 }));
}
