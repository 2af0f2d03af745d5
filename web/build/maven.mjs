// What Maven runs: `build` installs the packages when package-lock.json changed and builds when a
// source changed; `test` runs the tests. What is up to date is skipped, so that a build without
// network works once the packages are there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OUT = 'target/classes/web';
const INSTALLED = 'node_modules/.ostiary-lock';
const BUILT = 'target/web.built';
const TESTED = 'target/web.tested';
const SOURCES = [
  'api',
  'app',
  'build',
  'dev',
  'pages',
  'parts',
  'reference',
  'style',
  'index.html',
  'reference.html',
  'package.json',
  'tsconfig.json',
  'vite.config.ts',
  'package-lock.json',
  '../control/src/main/resources/io/ostiary/control/openapi.yaml',
];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `node: ${process.version} (expected: 20.19 or newer). Install a newer Node, or build with -Dweb.skip`,
  );
}
const lock = hash(['package-lock.json']);
if (read(INSTALLED) !== lock) {
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(INSTALLED, lock);
}
const sources = hash(SOURCES);
if (process.argv[2] === 'test') {
  once(TESTED, () => run('npm', ['test', '--silent']));
} else {
  once(existsSync(join(OUT, 'index.html')) ? BUILT : '', () =>
    run('npm', ['run', 'build', '--silent']),
  );
}

/** Runs `act` unless `mark` says that it succeeded for the same sources. */
function once(mark, act) {
  if (mark !== '' && read(mark) === sources) {
    return;
  }
  act();
  mkdirSync('target', { recursive: true });
  writeFileSync(mark === '' ? BUILT : mark, sources);
}

function hash(paths) {
  const sum = createHash('sha256').update(process.version);
  for (const path of paths) {
    for (const file of filesOf(path)) {
      sum.update(file).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return sum.digest('hex');
}

function filesOf(path) {
  if (/\.\w+$/.test(path)) {
    return existsSync(path) ? [path] : [];
  }
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'generated.ts')
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function run(command, args) {
  const done = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) {
    fail(`${command} ${args.join(' ')}: ${done.error?.message ?? `exit ${done.status}`}`);
  }
}

function fail(message) {
  process.stderr.write(`web: ${message}\n`);
  process.exit(1);
}
