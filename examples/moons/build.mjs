// Builds the demonstration: dist/main.mjs for Node, and dist/page.html, the page that main.mjs fills in.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

await mkdir(path('dist'), { recursive: true });
await Promise.all([buildProgram(), buildPage()]);

// The library stays outside the bundle, as in a user's project, since it loads its addon from its own folder.
function buildProgram() {
  return build({
    entryPoints: [path('main.ts')],
    outfile: path('dist/main.mjs'),
    bundle: true,
    platform: 'node',
    target: 'node18',
    format: 'esm',
    external: ['blasnet'],
    logLevel: 'warning',
  });
}

async function buildPage() {
  const [html, script, style, license] = await Promise.all([
    readFile(path('page/index.html'), 'utf8'),
    bundleForBrowsers('page/main.ts'),
    bundleForBrowsers('page/style.css'),
    readFile(path('../../node_modules/@observablehq/plot/LICENSE'), 'utf8'),
  ]);
  // The page contains Plot and D3. Their licence, ISC, must be in every copy.
  const notice = `/*! Observable Plot and D3.\nCopyright 2010-2026 Mike Bostock\n${license.trim()}\n*/\n`;
  const page = html
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script>${notice}${script}</script>`);
  await writeFile(path('dist/page.html'), page);
}

async function bundleForBrowsers(entry) {
  const { outputFiles } = await build({
    entryPoints: [path(entry)],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}
