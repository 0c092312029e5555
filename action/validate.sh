#!/usr/bin/env bash
# The step of action.yml: runs mcpkc validate, writes the job's summary, and ends with mcpkc's exit status.
set -uo pipefail

# An empty variable would be a fault of the configuration: only what was given is handed on.
if [[ -n $INPUT_SERVER ]]; then export KC_SERVER=$INPUT_SERVER; fi
if [[ -n $INPUT_REALM ]]; then export KC_REALM=$INPUT_REALM; fi
if [[ -n $INPUT_CLIENT_ID ]]; then export KC_CLIENT_ID=$INPUT_CLIENT_ID; fi
if [[ -n $INPUT_CLIENT_SECRET ]]; then export KC_CLIENT_SECRET=$INPUT_CLIENT_SECRET; fi

# A file of MCP servers: plan, apply, status or validate over all of its realms.
if [[ -n ${INPUT_FILE:-} || -n ${INPUT_PLAN:-} ]]; then exec bash "$(dirname "${BASH_SOURCE[0]}")/fleet.sh"; fi

json=${RUNNER_TEMP:-/tmp}/mcpkc-validate.json
arguments=(validate "$INPUT_URL" --preset "$INPUT_PRESET" --fail-on "$INPUT_FAIL_ON" --json)
if [[ -n $INPUT_JUNIT ]]; then arguments+=(--junit "$INPUT_JUNIT"); fi
if [[ -n ${INPUT_SARIF:-} ]]; then arguments+=(--sarif "$INPUT_SARIF"); fi
# Blanks are what separates them: word splitting is meant, globbing is not.
set -f
# shellcheck disable=SC2206
arguments+=($INPUT_ARGUMENTS)
set +f

npx --yes "mcpkc@$INPUT_VERSION" "${arguments[@]}" >"$json"
status=$?

node "$(dirname "${BASH_SOURCE[0]}")/summary.mjs" "$json" | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
{
  echo "exit-status=$status"
  echo "json=$json"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$status"
