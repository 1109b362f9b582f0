/** The end of a connection on which its client still sends (RFC 9112, section 9.6). */
import type { Socket } from 'node:net'
import type { Millis } from '../domain/name.ts'

/** For the client to read its answer, and to hear that it was the last. */
const LINGER: Millis = 2_000
/** So much is taken from a client that reads no answer before it has sent all. Bytes. */
const MOST = 1024 * 1024

/**
 * What comes after the answer is thrown away, and then left where it is, for a moment: were the connection closed at once,
 * the kernel would reset it for the bytes that nobody read, and with that take the answer from a client that is not there yet.
 */
export function lingerAtEnd(socket: Socket): void {
  // By this Node closes the connection after the last answer.
  socket.destroySoon = () => {
    socket.end()
    let came = 0
    // None of it is a request any more.
    socket.removeAllListeners('data').on('data', ({ length }: Buffer) => {
      came += length
      if (came > MOST) socket.pause()
    })
    const timer = setTimeout(() => socket.destroy(), LINGER).unref()
    socket.once('close', () => clearTimeout(timer))
  }
}
