#!/usr/bin/env bash
# Keeps a finished sweep in results/: its report and each run's configuration, metrics and figures, without weights.
# Of absolute paths the last folder is kept: where a home folder lies tells nobody anything.
#   results/keep.sh runs/latent_size_mse results/latent_size_mse
set -euo pipefail
sweep=${1:?give the folder of the sweep} kept=${2:?give the folder in results/}
mkdir -p "$kept/runs"
cp -r "$sweep/report/." "$kept/"
for run in "$sweep"/runs/*/; do
  name=$(basename "$run")
  [ -e "$run/evaluation.json" ] || continue
  mkdir -p "$kept/runs/$name"
  cp "$run"/{config.yaml,metrics.jsonl,environment.json,evaluation.json} "$kept/runs/$name/"
  # What its first, best and last epoch made of a few prints.
  if [ -e "$run/sheets/training.png" ]; then cp "$run/sheets/training.png" "$kept/runs/$name/"; fi
  sed -i -E 's#(: |=|")/[^" ]*/([^"/ ]+)#\1\2#g' "$kept/runs/$name"/{config.yaml,environment.json}
done
