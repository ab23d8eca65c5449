# Sourced: how the scripts speak. What they do goes to standard error, results to standard output.

# One step that begins.
say() { printf '\033[1m» %s\033[0m\n' "$*" >&2; }

# Something to know.
note() { printf '  %s\n' "$*" >&2; }

# The end, with what to do.
fail() {
    printf '\033[1;31m✗ %s\033[0m\n' "$*" >&2
    exit 1
}
