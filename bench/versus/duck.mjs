// DuckDB in this process, asked line by line: each line of standard input is a request in JSON, each line
// of standard output its answer. Times are taken here, around a prepared statement whose result is
// materialized but not turned into objects of JavaScript, so that the pipe costs DuckDB nothing.
//
//   {"op": "open", "path": ":memory:", "threads": 2}     {"version": "v1.5.x"}
//   {"op": "run", "sql": "..."}                          {}
//   {"op": "rows", "sql": "..."}                         {"rows": [[...], ...]}, wide integers as strings
//   {"op": "time", "sql": "...", "runs": 5}              {"ms": [...]}
//
// The environment's NODE_MODULES names the folder that npm installed into.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(process.env.NODE_MODULES + '/')
const { DuckDBInstance } = require('@duckdb/node-api')

let connection = null

async function timed(sql, runs) {
  const prepared = await connection.prepare(sql)
  const ms = []
  for (let run = 0; run < runs; ++run) {
    const begin = process.hrtime.bigint()
    await prepared.run()
    ms.push(Number(process.hrtime.bigint() - begin) / 1e6)
  }
  prepared.destroySync()
  return { ms }
}

async function rows(sql) {
  const reader = await connection.runAndReadAll(sql)
  return { rows: reader.getRowsJson() }
}

const ops = {
  async open({ path, threads }) {
    const instance = await DuckDBInstance.create(path, { threads: String(threads) })
    connection = await instance.connect()
    const version = await rows('SELECT version()')
    return { version: version.rows[0][0] }
  },
  async run({ sql }) {
    await connection.run(sql)
    return {}
  },
  rows: ({ sql }) => rows(sql),
  time: ({ sql, runs }) => timed(sql, runs),
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    const request = JSON.parse(line)
    answer = await ops[request.op](request)
  } catch (error) {
    answer = { error: String(error.message ?? error) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
