#!/usr/bin/env bash
# Evaluates the runs of train.sh, and the image codecs beside them.
#   results/rate_distortion/evaluate.sh STORE [RUNS]
set -euo pipefail
store=${1:?give a prepared store} runs=${2:-runs}
kept=$runs/rate_distortion/runs codecs=$runs/rate_distortion/codecs
mkdir -p "$codecs"

for run in "$kept"/*; do
  protocols=none
  case $run in *identity* | *whole-0.12) protocols=auto ;; esac
  ridgecode evaluate --run "$run" --data "$store" --protocols $protocols
done
for view in whole crop32; do
  for codec in jpeg jpeg-flat jpeg2000 jpegxl webp avif klt pca; do
    ridgecode evaluate --codec $codec --view $view --data "$store" --out "$codecs/$view-$codec.json"
  done
done
ridgecode evaluate --codec wsq --view whole --data "$store" --out "$codecs/whole-wsq.json"

for matcher in bozorth3 orb; do
  for weight in 0.2 0.12 0.03 0.0278 0.012; do
    ridgecode evaluate --run "$kept/whole-$weight" --data "$store" --protocol reconstruction --matcher $matcher
  done
  for point in klt:250 klt:150 jpeg2000:13 jpeg2000:16 jpeg2000:18 avif:0 avif:4; do
    ridgecode evaluate --codec "${point%:*}" --qualities "${point#*:}" --data "$store" --protocol reconstruction \
      --matcher $matcher --out "$codecs/${point%:*}-${point#*:}-$matcher.json"
  done
done
