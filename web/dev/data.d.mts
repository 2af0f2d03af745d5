export function tick(): unknown;
export function point(at: number): unknown;
export function answer(path: string, query: URLSearchParams): unknown;
