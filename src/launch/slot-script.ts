/**
 * A slot's program. Node's spawn forks the whole process for every child; a resident shell forks itself, small.
 * It must outlive its worker: what a run says is in files, and the worker's pipes only wake it.
 *
 * Descriptors: 0 tokens, 1 answers, 8 the attempt's file, 9 the queue's directory. A handler gets 0-3 (and 4).
 * Its own stderr is /dev/null: a redirection for each complaint of the shell would cost nine system calls.
 * Token: `+ NAME N .`, answer: `STATE NAME N EXIT`. The queue may be renamed and the item moved while it runs,
 * so nothing is opened by an absolute path: /proc/self/fd/9 is the directory, wherever it is by now.
 *
 * What is run may be a function of the attempt's file (values.ts): it does what this run needs besides its handler, and
 * says by rqd_state and rqd_by=b that it was the hook that kept the handler from being run.
 */

/** How far a token got. Only `ran` has an exit status, and `before`: that of the hook, without which nothing ran. */
export const SLOT_STATES = ['torn', 'gone', 'stale', 'taken', 'nojob', 'noio', 'before', 'ran'] as const
export type SlotState = (typeof SLOT_STATES)[number]

/** `$1`: the name of the run directory; `$2`: a FIFO for fd 4, or ''. */
export const SLOT_SCRIPT = `
set -C
umask 077
nl='
'
rqd_run=$1 rqd_fifo=$2
# Caught, not ignored: handlers would inherit that. The loop survives what is meant for its handler.
trap : TERM INT HUP PIPE QUIT USR1 USR2
exec 9<.
[ -n "$rqd_fifo" ] && exec 4<>"$rqd_fifo"
while :; do
  IFS=' ' read -r rqd_mark rqd_name rqd_n rqd_end
  rqd_status=$?
  # A read that a signal interrupted is no end of file.
  if [ $rqd_status -gt 128 ]; then continue; fi
  if [ $rqd_status -ne 0 ]; then exit 0; fi
  rqd_state=torn rqd_exit= rqd_by= rqd_token=
  rqd_item=$rqd_run/$rqd_name
  if [ "$rqd_mark$rqd_end" = +. ]; then
    rqd_state=gone
    # Redirected compounds: where the open fails the shell goes on. 8<> would create what is not there.
    if [ -f "$rqd_item/attempt.$rqd_n" ]; then {
      rqd_state=stale
      . /proc/self/fd/8
      if [ "$rqd_token" = "$rqd_name $rqd_n" ]; then
        rqd_state=taken
        if { :; } >"$rqd_item/started.$rqd_n"; then
          rqd_state=nojob
          if cd -P "./$rqd_item/job"; then
            rqd_state=noio
            {
              rqd_state=ran
              echo "$rqd_header"
              "$@" 8>&- 9>&-
              rqd_exit=$?
            } <"$rqd_in" >>stdio.log 2>&1 3>>/proc/self/fd/8
            # In place and before anybody is told: a full disk cannot tear it, a dead worker cannot lose it.
            if [ -n "$rqd_exit" ]; then printf '#%-4s' "$rqd_exit$rqd_by" >&8; fi
            cd -P /proc/self/fd/9
          fi
        fi
      fi
    } 8<>"$rqd_item/attempt.$rqd_n"; fi
  fi
  # What the handler left behind in this group ends with it; a scan finds what ignores this.
  kill -TERM 0
  echo "$rqd_state $rqd_name $rqd_n $rqd_exit"
done
`
