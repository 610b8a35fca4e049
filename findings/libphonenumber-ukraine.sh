#!/usr/bin/env bash
# What it shows: which of the thousand starts of three digits after +380 are mobile by the tables of libphonenumber (the
# list of otp.allowed_prefixes in systemd/SETTINGS.md); and that +38088…, an example in public documents, is nobody's.
# Version: phonenumbers 9.0.43, the Python edition of libphonenumber 9.0.43. Nothing of this repository is used. It fails
# when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$folder" phonenumbers==9.0.43
seen=$(PYTHONPATH=$folder python3 - <<'END'
from collections import Counter
import phonenumbers as p

names = {p.PhoneNumberType.MOBILE: "mobile", p.PhoneNumberType.FIXED_LINE: "landline", p.PhoneNumberType.UNKNOWN: "nobody's"}

def kind(start):
    kinds = set()
    for rest in ("000000", "123456", "234567", "555555", "999999"):
        kinds.add(p.number_type(p.parse(f"+380{start}{rest}")))
    kinds.discard(p.PhoneNumberType.UNKNOWN)
    found = kinds.pop() if kinds else p.PhoneNumberType.UNKNOWN
    return names.get(found, "other")

kinds = {f"{n:03}": kind(f"{n:03}") for n in range(1000)}
count = Counter(kinds.values())
print("mobile", count["mobile"])
print("mobile starts", " ".join(sorted({start[:2] if all(kinds[start[:2] + d] == "mobile" for d in "0123456789") else start
                                        for start, it in kinds.items() if it == "mobile"})))
print("+380 880 000 001 is valid:", p.is_valid_number(p.parse("+380880000001")))
END
)
printf '%s\n' "$seen"
expected="mobile 201
mobile starts 39 50 63 66 67 68 71 72 73 75 77 790 91 92 93 94 95 96 97 98 99
+380 880 000 001 is valid: False"
[[ $seen == "$expected" ]] || { echo "phonenumbers 9.0.43 says something else now" >&2; exit 1; }
