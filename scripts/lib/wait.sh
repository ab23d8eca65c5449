# Sourced: waiting for a condition, with a deadline.

# Waits at most $1 seconds until the command $2 succeeds; gives up early when the command $3 fails.
wait_for() {
    local deadline=$((SECONDS + $1))
    until "$2"; do
        if ((SECONDS >= deadline)) || ! "${3:-true}"; then return 1; fi
        sleep 0.05
    done
}
