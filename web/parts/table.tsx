import type { ReactNode } from 'react';

export type Column<T> = {
  readonly name: string;
  readonly unit?: string;
  readonly number?: boolean;
  readonly wide?: boolean;
  readonly cell: (row: T) => ReactNode;
};

type Props<T> = {
  readonly rows: ReadonlyArray<T>;
  readonly columns: ReadonlyArray<Column<T>>;
  readonly rowKey: (row: T) => string;
  readonly label: string;
};

/** A plain table for at most a few hundred rows; on a narrow screen it scrolls within itself. */
export function Table<T>({ rows, columns, rowKey, label }: Props<T>) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={keyOf(column)} className={column.number ? 'number' : undefined} scope="col">
                {column.name}
                {column.unit !== undefined && <small> {column.unit}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td
                  key={keyOf(column)}
                  className={`${column.number ? 'number' : ''} ${column.wide ? 'wide' : ''}`}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Two columns may bear one name in two units. */
function keyOf<T>(column: Column<T>): string {
  return `${column.name}|${column.unit ?? ''}`;
}
