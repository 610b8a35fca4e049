#!/usr/bin/env bash
# What becomes of messages at a gateway: one that goes well, and one while the gateway is down and back again. Everything
# it needs it makes itself, in a directory that it takes away: a world, a node that serves it, a stub for a gateway.
# Prints what a clinic's program sees, and what the operator does.
set -euo pipefail

if (($# != 1)); then
    printf 'Usage: tests/tools/delivery.sh FOLDER, with esoz-otp and examples/stub-gateway in it, for example target/release\n' >&2
    exit 64
fi
program=$(realpath "$1/esoz-otp")
gateway=$(realpath "$1/examples/stub-gateway")
world=$(realpath fixtures/demo.json)
home=$(mktemp --directory)
cd "$home"

stop() {
    # Only what was started here; one that has ended already is no matter.
    kill ${node-} ${stub-} 2>>log || true
    wait
    rm --recursive --force "$home"
}
trap stop EXIT

# The first line that begins like this in what a program has printed.
line_of() {
    local tries
    for ((tries = 0; tries < 200; tries++)); do
        if grep --no-messages --max-count 1 "^$1" "$2"; then
            return
        fi
        sleep 0.05
    done
    printf 'delivery.sh: there is no line "%s…":\n' "$1" >&2
    cat "$2" log >&2
    exit 69
}

# field NAME: its value in an answer of JSON, without quotes.
field() {
    sed -nE "s/.*\"$1\":(\"([^\"]*)\"|([0-9a-z]+)).*/\2\3/p"
}

ask() {
    curl --silent --show-error --header 'authorization: Bearer demo-mis-token' --header 'api-key: demo-api-key' \
        --header 'content-type: application/json' "$@"
}

control() {
    curl --silent --show-error --header 'content-type: application/json' --data "$1" "$at_gateway/control" >/dev/null
}

# follow PATH STATUS...: waits for one status after the other, and prints each as it comes, with what went wrong before it.
follow() {
    local path=$1 wanted answer error tries
    shift
    printf 'GET %s\n' "$path"
    for wanted; do
        for ((tries = 0; tries < 1000; tries++)); do
            answer=$(ask "$base$path")
            error=$(field last_error <<<"$answer")
            # What waits has been tried at least once.
            [[ $(field status <<<"$answer") != "$wanted" || $wanted$error == queuednull ]] || break
            sleep 0.02
        done
        if ((tries == 1000)); then
            printf 'delivery.sh: it is not %s: %s\n' "$wanted" "$answer" >&2
            exit 69
        fi
        [[ $error != null ]] || error=
        printf '  %s%s\n' "$wanted" "${error:+: $error}"
    done
}

"$program" init --data node >init
"$program" import "$world" --data node --allow-demo-secrets >import
printf 'not-a-real-token' >gateway.token
printf 'not-a-real-secret' >receipts.secret
chmod 600 gateway.token receipts.secret

"$gateway" --listen 127.0.0.1:0 --mode slow:500 --receipts-after-ms 1500 --seconds 120 >stub.out 2>>log &
stub=$!
at_gateway=$(line_of 'stub gateway: ' stub.out | sed -E 's,^stub gateway: (http://[^/]*)/.*,\1,')
cat >clinic.toml <<END
[sms]
drivers = ["turbosms"]

[gateway.turbosms]
preset = "turbosms"
sender = "Clinic"
secret_file = "gateway.token"
# What follows is for the stub: the real one is on the network, speaks TLS, and is asked for receipts.
url = "$at_gateway/message/send.json"
allow_local = true
allow_http = true
receipts = { by = "callback", secret_file = "receipts.secret", list_at = "" }
END
"$program" serve --config clinic.toml --data node --listen 127.0.0.1:0 >node.out 2>>log &
node=$!
base=$(line_of 'esoz-otp serves on ' node.out | sed 's/.* on //')
control "{\"receipts_to\": \"$base/receipts/turbosms/not-a-real-secret\"}"

printf '# sms test, before the first code\n'
"$program" sms test +380671234567 --config clinic.toml | sed -E 's/127.0.0.1:[0-9]+/(address)/'

printf '# a message that goes well\nPOST /api/verifications {"phone_number": "+380671234567"}\n'
id=$(ask --data '{"phone_number": "+380671234567"}' "$base/api/verifications" | field id)
printf '  %s\n' "$id"
follow "/api/verifications/$id/delivery" sent delivered

request=/api/person_requests/eeebb86d-5cba-43c9-885b-6482ecaf826b
printf '# a resend while the gateway is down, and back after three seconds\nPOST %s/actions/resend_otp\n' "$request"
control '{"down_seconds": 3}'
id=$(ask --request POST "$base$request/actions/resend_otp" | field id)
printf '  %s\n' "$id"
follow "/api/verifications/$id/delivery" queued sent delivered
printf 'GET %s/deliveries\n  %s\n' "$request" "$(ask "$base$request/deliveries" | sed -E 's/"meta":\{[^}]*\},?//')"
