/** How many may be connected. Who comes too much pushes out one that asks for nothing: so many half-open ones lock out nobody. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey } from './login-limit.ts'

export const MOST_CONNECTIONS = 1_024
/** Of one address, or one IPv6 network. A proxy that we trust speaks for many. */
const MOST_OF_ONE = 256

export class Connections {
  /** Each in the order in which they came. */
  readonly #all = new Set<Socket>()
  readonly #byAddress = new Map<string, Set<Socket>>()
  readonly #asking = new WeakMap<Socket, number>()
  readonly #isProxy: (address: string) => boolean

  constructor(server: Server, isProxy: (address: string) => boolean) {
    this.#isProxy = isProxy
    server.on('connection', (socket: Socket) => this.#take(socket))
  }

  /** So many requests of this connection are being answered, with this one. */
  begin(socket: Socket): number {
    const asking = (this.#asking.get(socket) ?? 0) + 1
    this.#asking.set(socket, asking)
    return asking
  }

  end(socket: Socket): void {
    this.#asking.set(socket, Math.max(0, (this.#asking.get(socket) ?? 0) - 1))
  }

  #take(socket: Socket): void {
    const address = socket.remoteAddress ?? 'socket'
    const key = addressKey(address)
    const ofOne = this.#byAddress.get(key) ?? new Set<Socket>()
    this.#byAddress.set(key, ofOne)
    const isTooMuch = ofOne.size >= MOST_OF_ONE && !this.#isProxy(address)
    if ((isTooMuch && !this.#pushOut(ofOne)) || (this.#all.size >= MOST_CONNECTIONS && !this.#pushOut(this.#all))) {
      socket.destroy()
      if (ofOne.size === 0) this.#byAddress.delete(key)
      return
    }
    ofOne.add(socket)
    this.#byAddress.set(key, ofOne)
    this.#all.add(socket)
    socket.once('close', () => {
      this.#all.delete(socket)
      ofOne.delete(socket)
      if (ofOne.size === 0 && this.#byAddress.get(key) === ofOne) this.#byAddress.delete(key)
    })
  }

  /** The one that came first of those that ask for nothing; false when all do. */
  #pushOut(sockets: Set<Socket>): boolean {
    for (const socket of sockets) {
      if ((this.#asking.get(socket) ?? 0) > 0) continue
      sockets.delete(socket)
      socket.destroy()
      return true
    }
    return false
  }
}
