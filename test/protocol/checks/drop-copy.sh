# A file copied into que/ runs once it is still, and lies in done/ by the minute, UTC, in which it finished.
. "$LIB"
new_queue 'cat'
printf 'hello\n' > "$T/report.csv"
cp "$T/report.csv" "$Q/que/"

settled done '*-report.csv'
contains "$item/job/stdio.log" hello
cmp "$item/attach/report.csv" "$T/report.csv"
contains "$item/msg" '"name": "report.csv"'
minute=$(printf '%s' "${item#"$Q"/done/}" | cut -c1-13)
ended=$(sed -n 's/.*"ended":"\(....\)-\(..\)-\(..\)T\(..\):\(..\):.*/\1\2\3\/\4\5/p' "$item/msg")
equal 'the directory' "$minute" "$ended"
