/** Handlers and slots of a root, beyond their workers: for the hard stop, and for `rqd doctor`. */
import { WORKER_ENV } from '../domain/worker-protocol.ts'
import { signalGroup } from '../os/process.ts'
import { type SlotProcess, slotProcesses } from '../os/slots.ts'

export function findSlots(root: string): SlotProcess[] {
  return slotProcesses(root, WORKER_ENV.root)
}

/** KILL to the process group of every slot and handler. */
export function killSlots(root: string): void {
  for (const group of new Set(findSlots(root).map((slot) => slot.group))) signalGroup(group, 'SIGKILL')
}
