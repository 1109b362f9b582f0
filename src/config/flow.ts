/** From what a file says about flow to what is decided by it. */
import type { Coalesce } from '../domain/coalesce.ts'
import type { FlowPolicy, Rate, SlotClass } from '../domain/flow.ts'

export interface FlowSettings {
  readonly slots: number | readonly { readonly tags: readonly string[]; readonly n: number }[]
  readonly weights?: Readonly<Record<string, number>> | undefined
  readonly rate?: Rate | undefined
  readonly rates?: Readonly<Record<string, Rate>> | undefined
  readonly concurrency?: Readonly<Record<string, number>> | undefined
  readonly order?: readonly string[] | undefined
  readonly coalesce?: Coalesce | undefined
}

export function slotCount({ slots }: FlowSettings): number {
  return typeof slots === 'number' ? slots : slots.reduce((sum, { n }) => sum + n, 0)
}

/** undefined: nothing of it is used, and nothing of it is asked at a start. */
export function flowPolicy(set: FlowSettings): FlowPolicy | undefined {
  const { slots, weights = {}, rate, rates = {}, concurrency = {}, order = [], coalesce } = set
  const usesKeys = [weights, rates, concurrency].some((named) => Object.keys(named).length > 0)
  const isUsed = usesKeys || rate !== undefined || order.length > 0 || coalesce !== undefined
  if (typeof slots === 'number' && !isUsed) return undefined
  const classes = typeof slots === 'number' ? [{ tags: ['*'], not: [], n: slots }] : slots.map(classOf)
  return { classes, weights, rate, rates, concurrency, order, coalesce }
}

function classOf({ tags, n }: { readonly tags: readonly string[]; readonly n: number }): SlotClass {
  return {
    tags: tags.filter((tag) => !tag.startsWith('!')),
    not: tags.flatMap((tag) => (tag.startsWith('!') ? [tag.slice(1)] : [])),
    n,
  }
}
