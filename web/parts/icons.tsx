/** The console's few icons, drawn on a 20-unit grid in the colour of the text. */
const PATHS: Readonly<Record<string, string>> = {
  now: 'M2 10h3l2.5-6 4 12L14 10h4',
  calls: 'M3 5h14M3 10h14M3 15h9',
  packets: 'M3 6.5 10 3l7 3.5v7L10 17l-7-3.5zM3 6.5l7 3.5 7-3.5M10 10v7',
  captures: 'M4 3v14M4 5h7l-1.5 2.5L11 10H4M13.5 12a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  shield: 'M10 2.5 16.5 5v5c0 4-3 6.4-6.5 7.5C6.5 16.4 3.5 14 3.5 10V5z',
  bans: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM5.1 5.1l9.8 9.8',
  kernel:
    'M5.5 5.5h9v9h-9zM8.5 8.5h3v3h-3zM8 2.5v3M12 2.5v3M8 14.5v3M12 14.5v3M2.5 8h3M2.5 12h3M14.5 8h3M14.5 12h3',
  apis: 'M7 4 2.5 10 7 16M13 4l4.5 6-4.5 6',
  upstreams: 'M3 4h14v4H3zM3 12h14v4H3zM6 6h.01M6 14h.01',
  services: 'M10 3v5M10 8 4 13M10 8v5M10 8l6 5M2.5 13h3v3h-3zM8.5 13h3v3h-3zM14.5 13h3v3h-3z',
  consumers: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.5-3.5 3-5 6-5s5.5 1.5 6 5',
  quotas: 'M10 3a7 7 0 1 0 7 7h-7zM13 2.5a7 7 0 0 1 4.5 4.5H13z',
  audit: 'M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 10h5M7.5 13.5h5',
  search: 'M8.5 14a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6z',
  moon: 'M16 12.5A6.8 6.8 0 0 1 7.5 4a6.5 6.5 0 1 0 8.5 8.5z',
  sun: 'M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4',
  user: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.5-3.5 3-5 6-5s5.5 1.5 6 5',
  menu: 'M3 5h14M3 10h14M3 15h14',
  copy: 'M7 7h9v9H7zM4 13V4h9',
};

export function Icon({ name, size = 18 }: { name: string; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name] ?? ''} />
    </svg>
  );
}

export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M5 29V14.5a11 11 0 0 1 22 0V29h-5V14.5a6 6 0 0 0-12 0V29z" fill="var(--accent)" />
      <circle cx="16" cy="20" r="2.8" fill="var(--accent)" />
    </svg>
  );
}
