import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const OUT = 'target/classes/web';
const LIMIT = 250 * 1024;

/** What a browser fetches before it shows the first page: the document, its scripts and styles. */
test.skipIf(!existsSync(join(OUT, 'index.html')))(
  'the first page weighs at most 250 KB compressed',
  () => {
    const html = readFileSync(join(OUT, 'index.html'), 'utf8');
    const files = [
      'index.html',
      ...[...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((found) => found[1]),
    ];
    const weight = files.reduce(
      (sum, file) => sum + gzipSync(readFileSync(join(OUT, file)), { level: 9 }).length,
      0,
    );
    expect(files.length).toBeGreaterThan(2);
    expect(weight).toBeLessThanOrEqual(LIMIT);
  },
);

test.skipIf(!existsSync(OUT))('every script and style has its compressed neighbour', () => {
  const names = readdirSync(join(OUT, 'assets'));
  for (const name of names.filter((each) => /\.(js|css)$/.test(each))) {
    expect(names).toContain(`${name}.gz`);
  }
});
