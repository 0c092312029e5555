#!/usr/bin/env bash
# The step of action.yml for a file of MCP servers: plan, apply, status or validate over all of its realms.
# validate.sh, which runs this, has set the KC_… variables that were given. Profiles come from the job's environment:
# MCPKC_PROFILE_<NAME>_KC_SERVER, …_KC_REALM, …_KC_CLIENT_ID, …_KC_CLIENT_SECRET.
set -uo pipefail

case $INPUT_COMMAND in
  plan | apply | status | validate) ;;
  *)
    echo "::error title=mcpkc::command is none of plan, apply, status, validate"
    exit 2
    ;;
esac
json=${RUNNER_TEMP:-/tmp}/mcpkc-$INPUT_COMMAND.json
arguments=("$INPUT_COMMAND" --json)
if [[ -n $INPUT_PLAN ]]; then
  arguments+=(--plan "$INPUT_PLAN")
else
  arguments+=(-f "$INPUT_FILE")
fi
# Blanks are what separates them: word splitting is meant, globbing is not.
set -f
# shellcheck disable=SC2206
arguments+=($INPUT_ARGUMENTS)
set +f

npx --yes "mcpkc@$INPUT_VERSION" "${arguments[@]}" >"$json"
status=$?

node "$(dirname "${BASH_SOURCE[0]}")/fleet-summary.mjs" "$INPUT_COMMAND" "$json" | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
{
  echo "exit-status=$status"
  echo "json=$json"
} >>"${GITHUB_OUTPUT:-/dev/null}"
# A plan that would change something is what a pull request is for; a nightly job wants it red.
if [[ $INPUT_COMMAND == plan && $INPUT_DRIFT != red && $status == 1 ]]; then exit 0; fi
exit "$status"
