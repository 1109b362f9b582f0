# The exit status says where the item goes: 0 done, 65 and 100 and others fail, 75 and 111 come again, 99 relays.
. "$LIB"
new_queue 'exit "$RQ_PARAM1"' '{"reschedule_after": "1h"}'
while read -r code state verdict due; do
  message "{\"param1\": $code}"
  settled "$state" "$id$due"
  contains "$item/msg" "\"exit\":$code"
  contains "$item/msg" "\"verdict\":\"$verdict\""
done <<END
0 done done
1 _err fail
65 _err fail
75 que reschedule ,t*
99 _err fail
100 _err fail
111 que reschedule ,t*
137 _err fail
255 _err fail
END
