import type { ComponentType } from 'react';

/** What a page says of itself. `nav` is absent for pages that are reached from others. */
export type PageInfo = {
  readonly path: string;
  readonly title: string;
  readonly nav?: { readonly order: number; readonly icon: string };
};

export type Page = { readonly page: PageInfo; readonly default: ComponentType };

/** Every folder of `pages/` is a page: adding one touches nothing else. */
const found = import.meta.glob<Page>('../pages/*/index.tsx', { eager: true });

export const pages: ReadonlyArray<Page> = Object.values(found);

export const navigation: ReadonlyArray<Page> = pages
  .filter((each) => each.page.nav !== undefined)
  .sort((left, right) => (left.page.nav?.order ?? 0) - (right.page.nav?.order ?? 0));
