/** Completion scripts: each asks `rq __complete` and says the answer in its shell's language. */

const BASH = `# rq: completion for bash. Put this into ~/.bashrc:  eval "$(rq completion bash)"
_rq() {
  local IFS=$'\\n' line word=\${COMP_WORDS[COMP_CWORD]} words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    if [ "$line" = :files ]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word"))
      return
    fi
    COMPREPLY+=("$(printf %q "$line")")
  done < <(rq __complete "\${words[@]}" 2>/dev/null)
}
complete -F _rq rq
`

const ZSH = `#compdef rq
# rq: completion for zsh. Put this into ~/.zshrc, after compinit:  eval "$(rq completion zsh)"
_rq() {
  local line
  local -a words_only described
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    words_only+=("\${line%%$'\\t'*}")
    described+=("\${line/$'\\t'/  -- }")
  done < <(rq __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  compadd -U -l -d described -a words_only
}
compdef _rq rq
`

const FISH = `# rq: completion for fish. Put this into ~/.config/fish/config.fish:  rq completion fish | source
function __rq_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer (rq __complete $words[2..-1] 2>/dev/null)
    if test "$answer[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $answer
    end
end
complete -c rq -f -a '(__rq_complete)'
`

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH }

export function completionScript(shell: string): string | undefined {
  return Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
}

/** Not a verb of the service: a word of the command line only. */
export const COMPLETION = {
  summary: 'print a completion script for a shell',
  details: 'Commands, options, queues, states, and the ids of items that wait, run, are held or failed.',
  arguments: { shell: { type: 'text', summary: 'bash, zsh or fish', words: ['bash', 'zsh', 'fish'] } },
  options: {},
  examples: [
    { command: 'eval "$(rq completion bash)"', says: 'in ~/.bashrc' },
    { command: 'rq completion fish | source', says: 'in config.fish' },
  ],
} as const
