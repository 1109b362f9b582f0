// Beside the resting worker: a forked Node that watches a directory and does nothing else.
import { watch } from 'node:fs'

watch(process.argv[2] ?? '.', () => {})
process.on('message', () => {})
process.send?.('ready')
