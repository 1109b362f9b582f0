/** `rqd`: the daemon and what looks after it. Each command is loaded when it is called. */
import { Command, CommanderError, Option } from 'commander'
import { ROLES } from '../domain/roles.ts'
import { EXIT, packageVersion, type RqdOptions } from './rqd-common.ts'

const ROOT_HELP = 'the spool; else $RQ_ROOT, else /var/spool/rqd for root and ~/.local/state/rqd for others'

interface Spec {
  readonly summary: string
  readonly options?: readonly Option[]
  /** As commander writes them. */
  readonly arguments?: readonly string[]
  readonly help: string
  /** Returns the exit code. */
  readonly run: (options: RqdOptions, args: readonly string[]) => Promise<number>
}

const json = new Option('--json', 'print JSON')

const COMMANDS: Readonly<Record<string, Spec>> = {
  start: {
    summary: 'run the daemon, in the foreground unless told otherwise',
    options: [
      new Option('--daemon', 'go to the background; returns when the daemon is ready; logs to $ROOT/rqd.log'),
      new Option('--log <file>', 'log to a file, rotated by size, instead of stderr'),
      new Option(
        '--http <address>',
        'serve the web there (HOST:PORT or a port), or "off"; else $RQD_HTTP, else http.listen',
      ),
    ],
    help: `Makes the root if there is none. A second daemon on a root exits with 75 and changes nothing.

Signals: TERM, INT stop (a second INT kills at once) · QUIT drains · HUP reads the configuration anew ·
USR2 ends and leaves handlers running for the next daemon to adopt.

Examples:
  rqd start                              here, logging to this terminal
  rqd start --daemon --root /srv/spool   in the background
  RQD_LOG_LEVEL=debug rqd start          say more`,
    run: async (options) => (await import('./rqd-start.ts')).start(options),
  },
  web: {
    summary: 'print where the web pages are, with the token that opens them',
    options: [json, new Option('--new-token', 'make a new token first: the old one and all sessions end')],
    help: `The token lies in $ROOT/_token: who has it may do everything. Exits with 69 when nothing serves them.

Examples:
  rqd web
  rqd web --new-token                    the old one was seen by somebody
  curl -H "authorization: Bearer $(cat "$RQ_ROOT/_token")" http://127.0.0.1:7730/api/v1/queues`,
    run: async (options) => (await import('./rqd-web.ts')).web(options),
  },
  user: {
    summary: 'say who may sign in to the web by name and password, and what he may do',
    arguments: ['<action>', '[name]'],
    options: [
      json,
      new Option('--role <role>', 'what he may do: look (viewer), change items (operator), everything (admin)').choices(
        ROLES,
      ),
    ],
    help: `add NAME --role ROLE    asks for the password, or reads it from stdin; changes a user who exists
rm NAME                 his sessions end at once
ls                      names and roles; with --json {root, users: [{name, role}]}

They lie in $ROOT/_users (mode 0600), passwords as scrypt hashes. A running daemon sees changes at once.

Examples:
  rqd user add ada --role operator
  printf '%s\\n' "$PASSWORD" | rqd user add grafana --role viewer
  rqd user ls --json | jq -r '.users[] | select(.role == "admin").name'`,
    run: async (options, args) => (await import('./rqd-user.ts')).user(options, args),
  },
  stop: {
    summary: 'stop the daemon and wait for its end',
    options: [
      new Option('--drain', 'let running items finish, start no more').conflicts('detach'),
      new Option('--detach', 'leave running handlers alone; the next daemon adopts them'),
      new Option('--timeout <duration>', 'after that, a drain becomes a stop, a stop becomes a kill'),
    ],
    help: `Without an option running handlers get TERM and, after the queue's term_timeout, KILL; their items go back
to que/. Exits with 0 also when no daemon was running.

Examples:
  rqd stop
  rqd stop --drain --timeout 10m
  rqd stop --detach                      before an upgrade`,
    run: async (options) => (await import('./rqd-stop.ts')).stop(options),
  },
  restart: {
    summary: 'replace the daemon; handlers run on',
    help: `The same as stop --detach and start --daemon. A daemon that a service manager started is only told to
end, and its manager starts the new one.

Examples:
  rqd restart                            after an upgrade of rqd`,
    run: async (options) => (await import('./rqd-stop.ts')).restart(options),
  },
  reload: {
    summary: 'make the daemon read all configuration anew',
    help: `A config.json that changes is read anew without this. Exits with 69 when no daemon runs.

Examples:
  rqd reload`,
    run: async (options) => (await import('./rqd-stop.ts')).reload(options),
  },
  status: {
    summary: 'say whether the daemon runs, and what its queues do',
    options: [json],
    help: `Exits with 69 when no daemon runs. With --json:
  {root, running, pid, since, host, paused, queues: [{name, worker, waiting, running, held, failed, paused, down}]}
  worker is a pid or null; counts stop at 10000.

Examples:
  rqd status
  rqd status --json | jq '.queues[] | select(.failed > 0).name'`,
    run: async (options) => (await import('./rqd-status.ts')).status(options),
  },
  check: {
    summary: 'check configuration and directories of all queues, without starting anything',
    options: [json],
    help: `Exits with 1 when something is wrong; each problem names the file, the key and the fix. With --json:
  {root, queues, problems: [{file, key, problem, fix}]}

Examples:
  rqd check && rqd reload`,
    run: async (options) => (await import('./rqd-check.ts')).check(options),
  },
  doctor: {
    summary: 'examine the machine: file system, limits, clock, processes left over',
    options: [json],
    help: `Exits with 1 when something would keep rqd from working. With --json:
  {root, findings: [{name, level, found, fix}]}, level is "ok", "warn" or "bad"

Examples:
  rqd doctor
  rqd doctor --json | jq '.findings[] | select(.level != "ok")'`,
    run: async (options) => (await import('./rqd-doctor.ts')).doctor(options),
  },
  demo: {
    summary: 'make a demo root in ./demo with an example queue, run a first item, and stay',
    help: `Uses ./demo unless --root says otherwise. Ctrl-C ends it; the directory stays to be looked at.

Examples:
  rqd demo
  rqd demo --root /tmp/try`,
    run: async (options) => (await import('./demo.ts')).demo(options),
  },
}

function makeProgram(): Command {
  const program = new Command('rqd')
    .description('Turns directories into work queues: what appears in que/ is run through a handler.')
    .version(packageVersion(), '-V, --version')
    .showHelpAfterError('(rqd --help says more)')
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 ok, 1 failed, 2 usage, 69 daemon needed and down, 75 root in use.')
  for (const [name, spec] of Object.entries(COMMANDS)) {
    const command = program.command(name).summary(spec.summary).description(spec.summary)
    command.option('--root <dir>', ROOT_HELP).addHelpText('after', `\n${spec.help}`)
    command.showHelpAfterError(`(rqd ${name} --help says more)`).exitOverride().allowExcessArguments(false)
    for (const option of spec.options ?? []) command.addOption(option)
    for (const argument of spec.arguments ?? []) command.argument(argument)
    command.action(async () => {
      process.exitCode = await spec.run(command.opts<RqdOptions>(), command.args)
    })
  }
  return program
}

async function main(): Promise<void> {
  try {
    await makeProgram().parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are no mistakes.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage
      return
    }
    throw error
  }
}

main().catch((error: unknown) => {
  console.error(`rqd: ${error instanceof Error ? error.message : String(error)}`)
  if (process.env['RQD_LOG_LEVEL'] === 'debug') console.error(error)
  process.exitCode = EXIT.failed
})
