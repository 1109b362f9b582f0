/** Completion scripts: each asks `rq __complete` and says the answer in its shell's language. */

const BASH = `# rq: completion for bash. Put this into ~/.bashrc:  eval "$(rq completion bash)"
_rq() {
  local IFS=$'\\n' line word quote common words=()
  # What was typed is source text; rq is told what it means.
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    quote=\${word:0:1}
    case $quote in
      [\\"\\']) word=\${word:1} word=\${word%"$quote"} ;;
      *) quote='' word=\${word//\\\\/} ;;
    esac
    words+=("$word")
  done
  [ "$word" = = ] && word=''
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%$'\\t'*}
    if [ "$line" = :files ]; then
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word"))
      return
    fi
    [[ $line == "$word"* ]] && common=1
    [ -n "$quote" ] || printf -v line %q "$line"
    COMPREPLY+=("$line")
  done < <(rq __complete "\${words[@]}" 2>/dev/null)
  # Ids are found by any part. Where several are, what they have in common must not replace what was typed.
  [ \${#COMPREPLY[@]} -gt 1 ] && [ -z "$common" ] && COMPREPLY+=(' ')
}
complete -F _rq rq
`

const ZSH = `#compdef rq
# rq: completion for zsh. Put this into ~/.zshrc, after compinit:  eval "$(rq completion zsh)"
_rq() {
  local line word=\${(Q)PREFIX} tab=$'\\t'
  local -a found described
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compset -P '--*='
      _files
      return
    fi
    found+=("\${line%%$tab*}")
    described+=("\${line/$tab/  -- }")
  done < <(rq __complete "\${(@Q)words[2,CURRENT-1]}" "$word" 2>/dev/null)
  # Ids are found by any part. Where several are, what they have in common must not replace what was typed.
  (( $#found > 1 && \${#\${(M)found:#$word*}} == 0 )) && compstate[insert]=
  compadd -U -l -d described -a found
}
# From a file of $fpath this is the function's own first call.
if [[ \${funcstack[1]} == _rq ]]; then _rq "$@"; else compdef _rq rq; fi
`

const FISH = `# rq: completion for fish. Put this into ~/.config/fish/config.fish:  rq completion fish | source
function __rq_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct | string collect)
    # A quote that is still open is none of rq's business.
    if string match -qr '^["\\']' -- $word
        set word (string sub -s 2 -- $word)
    else
        set word (string unescape -- $word)
    end
    set -l answer (rq __complete $words[2..-1] "$word" 2>/dev/null)
    if test "$answer[1]" = :files
        set -l option (string match -r -- '^--[^=]+=' $word)
        for path in (__fish_complete_path (string replace -- "$option" '' $word))
            printf '%s\\n' "$option$path"
        end
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
