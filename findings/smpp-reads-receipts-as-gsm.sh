#!/usr/bin/env bash
# What it shows: the SMPP library `smpp` reads the text of a receipt (deliver_sm with data_coding 0) by the table of GSM
# 03.38, whatever wrote it: of `id:m_17` it makes `id:m§17`, so that a message whose id has an underscore is not found.
# Version: smpp 0.5.1 of the npm registry. Nothing of this repository is used. It fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund smpp@0.5.1
cat > finding.js <<'END'
const smpp = require('smpp');
const server = smpp.createServer((session) => {
  session.on('bind_transceiver', (pdu) => {
    session.send(pdu.response());
    // Bytes as a gateway writes them: ASCII.
    session.deliver_sm({ esm_class: 4, data_coding: 0, short_message: Buffer.from('id:m_17 stat:DELIVRD', 'latin1') });
  });
  session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  session.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const session = smpp.connect({ url: `smpp://127.0.0.1:${port}` }, () => {
    session.bind_transceiver({ system_id: 'a', password: 'b' });
  });
  session.on('deliver_sm', (pdu) => { console.log(pdu.short_message.message); process.exit(0); });
  session.on('error', (error) => { console.error(error); process.exit(2); });
});
setTimeout(() => { console.error('nothing came'); process.exit(2); }, 10000);
END
seen=$(node finding.js)
printf '%s\n' "$seen"
[[ $seen == 'id:m§17 stat:DELIVRD' ]] || { echo "smpp 0.5.1 does something else now" >&2; exit 1; }
