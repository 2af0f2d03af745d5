/** How numbers are written: short on the page, exact on hover. */

const UNITS = ['', ' k', ' M', ' G', ' T'] as const;

/** 12437 → `12.4 k`; three significant digits, so columns do not jump. */
export function short(value: number): string {
  if (!Number.isFinite(value)) {
    return '–';
  }
  let scaled = Math.abs(value);
  let unit = 0;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits =
    scaled >= 99.95 || (unit === 0 && Number.isInteger(scaled)) ? 0 : scaled >= 9.995 ? 1 : 2;
  const text = unit === 0 && scaled < 0.005 ? '0' : scaled.toFixed(digits);
  return `${value < 0 ? '−' : ''}${text}${UNITS[unit]}`;
}

const EXACT = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 3 });

/** 12437 → `12,437`. */
export function exact(value: number): string {
  return Number.isFinite(value) ? EXACT.format(value) : 'unknown';
}

/** A rate: `12.4 k/s`. */
export function rate(value: number): string {
  const text = short(value);
  return text.includes(' ') ? `${text}/s` : `${text} /s`;
}

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes with decimal units, as network people count them. */
export function bytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < BYTES.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${BYTES[unit]}`;
}

/** Milliseconds in the unit that keeps three digits: `840 µs`, `4.21 ms`, `1.30 s`. */
export function millis(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size === 0) {
    return '0 ms';
  }
  if (size < 0.9995) {
    return `${trim(value * 1000)} µs`;
  }
  if (size < 999.5) {
    return `${trim(value)} ms`;
  }
  return size < 120_000 ? `${trim(value / 1000)} s` : `${(value / 60_000).toFixed(1)} min`;
}

export function nanos(value: number | null | undefined): string {
  return millis(value === null || value === undefined ? value : value / 1e6);
}

export function percent(share: number): string {
  if (!Number.isFinite(share)) {
    return '–';
  }
  const value = share * 100;
  return `${value > 0 && value < 0.1 ? '<0.1' : value.toFixed(value >= 99.95 || value === 0 ? 0 : 1)} %`;
}

/** How long ago, in words short enough for a table cell. */
export function ago(millisecondsAgo: number): string {
  const seconds = Math.max(0, Math.round(millisecondsAgo / 1000));
  if (seconds < 60) {
    return `${seconds} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  if (seconds < 86_400) {
    return `${Math.floor(seconds / 3600)} h ago`;
  }
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** Wall clock with milliseconds, local time: what one compares with a log. */
export function clock(epochMillis: number): string {
  const at = new Date(epochMillis);
  const pad = (value: number, width = 2) => String(value).padStart(width, '0');
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

export function date(epochMillis: number): string {
  const at = new Date(epochMillis);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

function trim(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
