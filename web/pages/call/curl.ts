import type { Call } from '../../api/generated';

/** The call as a command line. Keys and bodies are not in the ledger, so they are left to whoever
 * runs it. */
export function curlOf(call: Call): string {
  const { line } = call;
  const host = call.listener
    .replace(/^0\.0\.0\.0/, location.hostname)
    .replace(/^\[?::\]?(?=:\d)/, location.hostname);
  const method = line.method === 'GET' ? '' : ` -X ${quoted(line.method)}`;
  return `curl -i${method} ${quoted(`http://${host}${line.target}`)}`;
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
