/** $VISUAL, $EDITOR or vi, as git and crontab start it: through a shell, with the terminal. */
import { spawn } from 'node:child_process'

export function runEditor(path: string): Promise<boolean> {
  const editor = process.env['VISUAL'] || process.env['EDITOR'] || 'vi'
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, path], { stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}
