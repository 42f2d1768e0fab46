// Bundles the front end into the Python package: `node esbuild.mjs [--watch | --test]`.
//
//   history_explorer.js   the widget: travels to the page with every explorer
//   history_explorer.css
//   trust_panel.js        the panel that measures explanations
//   trust_panel.css
//   figures.js            the feature pictures
//   figures.css
//   saved_figure.js       one of them in a saved page
//   page_worker.js.gz     the worker in which exported models run: once a page, on request
//   ort.wasm.gz           its runtime, onnxruntime-web's WebAssembly: likewise
//   standalone.js         the explorer in a saved page, which has no kernel
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, 'attnrec_widgets/static');
const LIMITS = { history_explorer: 200_000, trust_panel: 60_000, figures: 150_000 }; // bytes of JavaScript in each widget
const WASM = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm');
const common = { bundle: true, target: 'es2022', minify: true, legalComments: 'none', logLevel: 'warning' };

if (process.argv.includes('--test')) process.exit(await test());

const runtime = await buildWorker();
const widget = {
  ...common, entryPoints: { history_explorer: join(here, 'src/index.ts'), trust_panel: join(here, 'src/trust/index.ts'), figures: join(here, 'src/figures/index.ts') }, outdir, format: 'esm',
  define: { RUNTIME: JSON.stringify(runtime) },
};
if (process.argv.includes('--watch')) {
  const context = await esbuild.context({ ...widget, minify: false, sourcemap: 'inline', logLevel: 'info' });
  await context.watch();
} else {
  const styles = { ...common, entryPoints: { history_explorer: join(here, 'src/history_explorer.css'), trust_panel: join(here, 'src/trust/trust_panel.css'), figures: join(here, 'src/figures/figures.css') }, outdir };
  const standalone = { ...widget, entryPoints: { standalone: join(here, 'src/standalone.ts'), saved_figure: join(here, 'src/figures/saved.ts') }, format: 'iife', charset: 'ascii' };
  await Promise.all([esbuild.build(widget), esbuild.build(styles), esbuild.build(standalone)]);
  for (const [name, limit] of Object.entries(LIMITS)) {
    const { size } = statSync(join(outdir, `${name}.js`));
    if (size > limit) throw new Error(`${name}.js has ${size} bytes, more than ${limit}`);
  }
}

/** Writes worker and runtime; returns the name under which the widgets of a page share them. */
async function buildWorker() {
  const { outputFiles: [script] } = await esbuild.build({
    ...common, write: false, format: 'iife', entryPoints: [join(here, 'src/worker/main.ts')],
    legalComments: 'inline', // the runtime's licence
    define: { 'import.meta.url': 'self.location.href' },
  });
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, 'page_worker.js.gz'), gzipSync(script.contents, { level: 9 }));
  writeFileSync(join(outdir, 'ort.wasm.gz'), gzipSync(readFileSync(WASM), { level: 9 }));
  // What runs on the page's side is shared with the worker, so it is part of the name.
  const { outputFiles: [host] } = await esbuild.build({
    ...common, write: false, format: 'esm', entryPoints: [join(here, 'src/engine/page/host.ts')],
  });
  return createHash('sha256').update(script.contents).update(host.contents).digest('hex').slice(0, 16);
}

async function test() {
  const files = readdirSync(join(here, 'src'), { recursive: true }).filter(f => f.endsWith('.test.ts'));
  const built = join(here, '.build');
  await esbuild.build({
    entryPoints: files.map(f => join(here, 'src', f)),
    outbase: join(here, 'src'), outdir: built, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning',
    external: ['onnxruntime-web'], outExtension: { '.js': '.mjs' }, define: { RUNTIME: '"test"' },
  });
  const compiled = files.map(f => join(built, f.replace(/\.ts$/, '.mjs')));
  return spawnSync(process.execPath, ['--test', '--test-reporter=dot', ...compiled], { stdio: 'inherit' }).status ?? 1;
}
