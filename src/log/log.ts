/** An event becomes one line: a JSON object with `level`, `time`, `kind` and what the event says. */
import pino from 'pino'
import { LEVELS, type Level, type RqEvent } from './events.ts'
import type { Sink } from './sink.ts'

export { fileSink, gatheringSink, prettySink, type Sink, stderrSink } from './sink.ts'

export interface Log {
  emit(event: RqEvent): void
  close(): void
}

const LEVEL_NAMES: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** `$RQD_LOG_LEVEL` decides what is said: debug, info (the default), warn, error. */
export function makeLog(sink: Sink, level: Level = levelFrom(process.env['RQD_LOG_LEVEL'])): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger = pino(options, sink)
  return {
    emit: (event) => logger[LEVELS[event.kind]](event),
    close: () => sink.close(),
  }
}

function levelFrom(text: string | undefined): Level {
  return LEVEL_NAMES.find((name) => name === text) ?? 'info'
}
