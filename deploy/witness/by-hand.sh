#!/bin/sh
# Run a command of the witness by hand, as the service runs: its user, its memory, its key.
#
#   ./by-hand.sh init                                        make the memory, once
#   ./by-hand.sh status [--check] [--history]                how the logs stand
#   ./by-hand.sh compare ORIGIN SIZE ROOT                    was this tree cosigned
#   ./by-hand.sh acknowledge ORIGIN --reason "what was found"
set -eu
command="$1"
shift
settings=/etc/signal-index/witness
exec systemd-run --quiet --pipe --wait --collect \
  -p DynamicUser=yes -p User=signal-index-witness -p StateDirectory=signal-index-witness -p UMask=0077 \
  -p LoadCredential=witness.toml:$settings/witness.toml \
  -p LoadCredential=witness.key:$settings/witness.key \
  /opt/signal-index/bin/signal-index witness "$command" --config '${CREDENTIALS_DIRECTORY}/witness.toml' "$@"
