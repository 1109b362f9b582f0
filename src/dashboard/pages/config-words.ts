/** What the schema of a config.json says of each key. Pure. */
import { isRecord } from '../../domain/json.ts'

/** Of the key, else of the nearest key above it that is described; '' where none is. */
export function wordsFor(schema: unknown, key: string): string {
  let words = ''
  let nodes = optionsIn(queueIn(schema))
  for (const name of namesIn(key)) {
    nodes = nodes.flatMap((node) => optionsIn(childOf(node, name)))
    words = nodes.map(descriptionOf).find((said) => said !== '') ?? words
  }
  return words
}

/** A dot that belongs to a name is written `\.`. */
function namesIn(key: string): readonly string[] {
  return key.split(/(?<!\\)\./).map((name) => name.replaceAll('\\.', '.'))
}

function queueIn(schema: unknown): unknown {
  const definitions = isRecord(schema) ? schema['definitions'] : undefined
  return isRecord(definitions) ? definitions['queue'] : undefined
}

/** The node, and each of the forms that it may have. */
function optionsIn(node: unknown): readonly Record<string, unknown>[] {
  if (!isRecord(node)) return []
  const { anyOf } = node
  return [node, ...(Array.isArray(anyOf) ? anyOf.flatMap(optionsIn) : [])]
}

function childOf(node: Record<string, unknown>, name: string): unknown {
  const { properties, additionalProperties } = node
  return isRecord(properties) && Object.hasOwn(properties, name) ? properties[name] : additionalProperties
}

function descriptionOf({ description }: Record<string, unknown>): string {
  return typeof description === 'string' ? description : ''
}
