#!/bin/sh
# A made-up key that opens nothing: the quick start shows that it is found before packer starts.
set -eu
cat > "${TMPDIR:-/tmp}/deploy-key" <<'KEY'
-----BEGIN RSA PRIVATE KEY-----
MADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADE
UPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUPMADEUP==
-----END RSA PRIVATE KEY-----
KEY
