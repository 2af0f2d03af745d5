// The few habits that the compiler does not check: no `any`, no colour outside of style/, no
// component file that has outgrown a screen or two, no address of a foreign host.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOMS = ['api', 'app', 'pages', 'parts', 'reference'];
const RULES = [
  { seen: /(:|\bas|<)\s*any\b(?!\s*$|[\w`' ])/, say: 'any (expected: a type)' },
  { seen: /^(export )?interface\s+\w+/, say: 'interface (expected: type)' },
  { seen: /console\.\w+\(/, say: 'console (expected: a state drawn on the page)' },
  { seen: /dangerouslySetInnerHTML/, say: 'raw HTML (expected: elements)' },
  {
    seen: /https?:\/\/(?!\$\{|localhost|127\.0\.0\.1)[\w.-]+/,
    say: 'a foreign host (expected: none)',
  },
];
const COLOUR = /#[0-9a-fA-F]{6}\b/;

const faults = [];
for (const room of ROOMS) {
  for (const entry of readdirSync(room, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && /\.tsx?$/.test(file) && !/generated|\.test\./.test(file)) {
      check(file, room);
    }
  }
}

function check(file, room) {
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.length > 320) {
    faults.push(`${file}: ${lines.length} lines (expected: at most 320)`);
  }
  lines.forEach((line, index) => {
    for (const { seen, say } of RULES) {
      if (seen.test(line)) {
        faults.push(`${file}:${index + 1}: ${say}`);
      }
    }
    // The reference is a page of its own, out of reach of our tokens.
    if (room !== 'reference' && COLOUR.test(line)) {
      faults.push(`${file}:${index + 1}: a colour (expected: a token of style/tokens.css)`);
    }
  });
}

if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exit(1);
}
