// Bundles the front end into the Python package: `node esbuild.mjs [--watch | --test]`.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const LIMIT = 200_000; // bytes of JavaScript; the bundle travels to the page with every widget

const bundle = {
  entryPoints: { history_explorer: join(here, 'src/index.ts') },
  outdir: join(here, 'attnrec_widgets/static'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

if (process.argv.includes('--test')) {
  const files = readdirSync(join(here, 'src'), { recursive: true }).filter(f => f.endsWith('.test.ts'));
  const outdir = join(here, '.build');
  await esbuild.build({
    entryPoints: files.map(f => join(here, 'src', f)),
    outbase: join(here, 'src'), outdir, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning',
    outExtension: { '.js': '.mjs' },
  });
  const built = files.map(f => join(outdir, f.replace(/\.ts$/, '.mjs')));
  process.exit(spawnSync(process.execPath, ['--test', '--test-reporter=dot', ...built], { stdio: 'inherit' }).status ?? 1);
} else if (process.argv.includes('--watch')) {
  const context = await esbuild.context({ ...bundle, minify: false, sourcemap: 'inline', logLevel: 'info' });
  await context.watch();
} else {
  const styles = { entryPoints: { history_explorer: join(here, 'src/history_explorer.css') }, outdir: bundle.outdir, bundle: true, minify: true };
  await Promise.all([esbuild.build(bundle), esbuild.build(styles)]);
  const { size } = statSync(join(bundle.outdir, 'history_explorer.js'));
  if (size > LIMIT) throw new Error(`history_explorer.js has ${size} bytes, more than ${LIMIT}`);
}
