// Loaded into every Node of a daemon through NODE_OPTIONS: a worker then holds 500 MB of touched memory from its start.
if (/worker/.test(process.argv[1] ?? '')) globalThis.rqdBenchBallast = Buffer.alloc(500 * 1024 * 1024, 1)
