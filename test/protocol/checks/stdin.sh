# stdin is the payload of an item with one file, else it is empty.
. "$LIB"
new_queue 'printf "<%s>" "$(cat)"'
publish 'one file'
settled done "$id"
contains "$item/job/stdio.log" '<one file>'
message '{}'
settled done "$id"
contains "$item/job/stdio.log" '<>'
