import { useCallPages } from '../../api/queries';
import { Answer, Empty } from '../../parts/states';
import { Rows } from './rows';

type Query = Readonly<Record<string, string | undefined>>;

/** Calls from the store, the newest first, fetched page by page while one scrolls. */
export function History({ query }: { query: Query }) {
  const pages = useCallPages(query);
  const more = () => {
    if (pages.hasNextPage && !pages.isFetchingNextPage) {
      void pages.fetchNextPage();
    }
  };
  return (
    <Answer of={pages} rows={14}>
      {(data) => {
        const lines = data.pages.flatMap((each) => each.items);
        if (lines.length === 0) {
          return (
            <Empty title="No call like that">
              Nothing in the history passes these filters. Remove one, or look at the live calls.
            </Empty>
          );
        }
        return (
          <Rows
            lines={lines}
            onReachEnd={more}
            foot={
              pages.hasNextPage ? (
                <p className="state">
                  <button
                    type="button"
                    className="plain-button"
                    onClick={more}
                    disabled={pages.isFetchingNextPage}
                  >
                    {pages.isFetchingNextPage ? 'Fetching…' : 'Older calls'}
                  </button>
                </p>
              ) : undefined
            }
          />
        );
      }}
    </Answer>
  );
}
