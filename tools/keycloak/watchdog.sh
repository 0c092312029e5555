# Ends a server when anybody who started it is gone, however that went, SIGKILL included.
#   watchdog.sh <process group of the server> <folder of its run, or "">
# The starter holds the other end of our standard input and never writes: `read` returns when it is dead.
read -r _
kill -s CONT -- "-$1" 2>/dev/null
kill -s TERM -- "-$1" 2>/dev/null
tries=0
while kill -s 0 -- "-$1" 2>/dev/null && [ "$tries" -lt 15 ]; do
  sleep 0.2
  tries=$((tries + 1))
done
kill -s KILL -- "-$1" 2>/dev/null
if [ -n "$2" ]; then rm -rf -- "$2"; fi
