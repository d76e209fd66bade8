#!/bin/sh
# Run a command of the connector by hand, as the service runs: its user, its state, its keys.
#
#   ./by-hand.sh init          make the local state, once
#   ./by-hand.sh status        how it stands
#   ./by-hand.sh quarantine    what was set aside, and why
#   ./by-hand.sh send --complete
set -eu
command="$1"
shift
settings=/etc/signal-index/connector
exec systemd-run --quiet --pipe --wait --collect \
  -p DynamicUser=yes -p User=signal-index-connector -p StateDirectory=signal-index-connector -p UMask=0077 \
  -p LoadCredential=connector.toml:$settings/connector.toml \
  -p LoadCredential=keys.json:$settings/keys.json \
  -p LoadCredential=manifest.json:$settings/manifest.json \
  /opt/signal-index/bin/signal-index connector "$command" '${CREDENTIALS_DIRECTORY}/connector.toml' "$@"
