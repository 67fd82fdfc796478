import type { Client } from 'pg';

/** The rows of the first statement that has any. */
export async function query(client: Client, text: string): Promise<unknown[][]> {
  const result: unknown = await client.query({ text, rowMode: 'array', types: { getTypeParser } });
  const results = (Array.isArray(result) ? result : [result]) as { rows: unknown[][] }[];
  return results.find(({ rows }) => rows.length > 0)?.rows ?? [];
}

/** JSON (114) and jsonb (3802) are parsed; all other types stay text. */
function getTypeParser(type: number): (text: string) => unknown {
  return type === 114 || type === 3802 ? JSON.parse : (text) => text;
}
