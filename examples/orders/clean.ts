/** Deletes streams from a server of NATS. */
export async function deleteStreams(url: string, names: readonly string[]): Promise<void> {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const { host, username, password } = new URL(url);
  const login = password === '' ? { token: username } : { user: username, pass: password };
  const client = await connect({ servers: host, ...(username !== '' && login) });
  const { streams } = await jetstreamManager(client);
  await Promise.all(names.map((name) => streams.delete(name)));
  await client.close();
}

/** Deletes the rows of the queues of a run from a database of PostgreSQL. */
export async function deleteRows(url: string, run: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client(url);
  await client.connect();
  for (const table of ['obverse_tasks', 'obverse_readers', 'obverse_unread'])
    await client.query(`DELETE FROM ${table} WHERE queue LIKE $1`, [`${run}-%`]);
  await client.end();
}
