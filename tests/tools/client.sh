#!/usr/bin/env bash
# What a clinic's program and a patient's page do with one-time codes, one call after the other, against a fresh
# `esoz-otp demo`. Prints method, path, body and whose token is used, and below it status and body of the answer, but for
# the `meta` that every answer has.
set -euo pipefail

if (($# != 1)); then
    printf 'Usage: tests/tools/client.sh BASE_URL, for example http://localhost:4000\n' >&2
    exit 64
fi
base=${1%/}

factor=/api/cabinet/authentication_factor
requests=/api/person_requests
request=$requests/eeebb86d-5cba-43c9-885b-6482ecaf826b
request_s_phone=+380958697084
phone=+380631112233

note() {
    printf '# %s\n' "$1"
}

# ask TOKEN METHOD PATH [BODY]
ask() {
    local token=$1 method=$2 path=$3 body=${4-} answer
    printf '%s %s%s  (%s)\n' "$method" "$path" "${body:+ $body}" "$token"
    local options=(--silent --show-error --request "$method" --write-out '\n%{http_code}')
    options+=(--header "authorization: Bearer ${token% *}" --header 'content-type: application/json')
    [[ $token != *' '* ]] || options+=(--header "api-key: ${token#* }")
    [[ -z $body ]] || options+=(--data "$body")
    answer=$(curl "${options[@]}" "$base$path")
    printf '  %s %s\n' "${answer##*$'\n'}" "$(sed -E 's/"meta":\{[^}]*\},?//' <<<"${answer%$'\n'*}")"
}

# An SMS comes when it comes; a demo's comes within a moment.
code_for() {
    local tries code
    for ((tries = 0; tries < 100; tries++)); do
        code=$(curl --silent --show-error "$base/demo/messages?phone=$1" |
            sed -nE 's/.*"code":"([0-9]+)".*/\1/p')
        if [[ $code ]]; then
            printf '%s' "$code"
            return
        fi
        sleep 0.1
    done
    printf 'client.sh: no SMS for %s has come in ten seconds\n' "$1" >&2
    exit 69
}

another_than() {
    printf '%0*d' "${#1}" $(((10#$1 + 1) % 10 ** ${#1}))
}

ask demo-patient-token GET $factor
ask demo-nofactor-token GET $factor
ask demo-inactive-person-token GET $factor
ask demo-blocked-user-token GET $factor
ask demo-noscope-token GET $factor
ask demo-expired-token GET $factor
ask no-such-token GET $factor

ask no-such-token POST $request/actions/resend_otp
ask demo-blocked-client-token POST $request/actions/resend_otp
ask demo-blocked-user-token POST $request/actions/resend_otp
ask demo-mis-token POST $request/actions/resend_otp
ask 'demo-mis-token no-such-key' POST $request/actions/resend_otp
ask 'demo-mis-token demo-api-key-narrow' POST $request/actions/resend_otp
clinic='demo-mis-token demo-api-key'
note 'there is no such request'
ask "$clinic" POST $requests/eeebb86d-5cba-43c9-885b-000000000000/actions/resend_otp
note 'signed, and confirmed by documents'
ask "$clinic" POST $requests/e0000000-0000-4000-8000-00000000000a/actions/resend_otp
note 'new, and confirmed by a code'
ask "$clinic" GET $request
ask "$clinic" POST $request/actions/resend_otp '[]'
ask "$clinic" POST $request/actions/resend_otp '{}'
code=$(code_for $request_s_phone)
ask "$clinic" PATCH $request/actions/approve "{\"verification_code\":\"$(another_than "$code")\"}"
ask "$clinic" PATCH $request/actions/approve "{\"verification_code\":\"$code\"}"
ask "$clinic" POST $request/actions/resend_otp

ask "$clinic" GET /api/verifications/$phone
ask "$clinic" POST /api/verifications "{\"phone_number\":\"$phone\"}"
code=$(code_for $phone)
ask "$clinic" PATCH /api/verifications/$phone/actions/complete "{\"code\":\"$code\"}"
ask "$clinic" GET /api/verifications/$phone
