#!/usr/bin/env bash
# Copies a finished sweep to results/: its report and each run's configuration, metrics and figures, without weights.
# report.html and the SVG figures stay behind (`ridgecode report` makes them again), and large PNG files get a palette.
# An absolute path is cut down to its last folder, since the rest names folders of one machine only.
#   results/keep.sh runs/latent_size_mse results/latent_size_mse
set -euo pipefail
sweep=${1:?give the folder of the sweep} kept=${2:?give the folder in results/}
mkdir -p "$kept/runs"
cp -r "$sweep/report/." "$kept/"
find "$kept" \( -name '*.html' -o -name '*.svg' \) -delete
for run in "$sweep"/runs/*/; do
  name=$(basename "$run")
  [ -e "$run/evaluation.json" ] || continue
  mkdir -p "$kept/runs/$name"
  cp "$run"/{config.yaml,metrics.jsonl,environment.json,evaluation.json} "$kept/runs/$name/"
  # Reconstructions of a few prints after the first, the best and the last epoch.
  if [ -e "$run/sheets/training.png" ]; then cp "$run/sheets/training.png" "$kept/runs/$name/"; fi
  sed -i -E 's#(: |=|")/[^" ]*/([^"/ ]+)#\1\2#g' "$kept/runs/$name"/{config.yaml,environment.json}
done
python "$(dirname "$0")/shrink_png.py" "$kept"
