/** What this process remembers of the queues between two requests: it serves one root, and all of it is droppable. */
import { QueueMemory } from '../service/queue-memory.ts'

export const memory = new QueueMemory()
