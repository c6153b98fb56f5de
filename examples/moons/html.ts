import { readFile, writeFile } from 'node:fs/promises';
import type { Results } from './results';

/** The page that build.mjs made: it lacks only the results. */
const template = new URL('./page.html', import.meta.url);

/** Writes one self-contained page. @returns its size in bytes */
export async function writePage(file: string, results: Results): Promise<number> {
  // No "<" may stand in inlined data: "</script>" and "<!--" would end or hide it.
  const json = JSON.stringify(results).replaceAll('<', '\\u003c');
  const script = `<script type="application/json" id="results">${json}</script>`;
  const html = (await readFile(template, 'utf8')).replace('<!-- results -->', () => script);
  await writeFile(file, html);
  return Buffer.byteLength(html);
}
