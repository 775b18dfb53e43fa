#!/usr/bin/env bash
# Measures a matcher, a shipped one's name or a run, on all comparison lists of results/matching.
#   results/matching/measure.sh MATCHER SOCOFING_STORE IMPRESSIONS_STORE FVC_STORE FOLDER
# SOCOFing: validation subjects; IMPRESSIONS: test people, none of whom was trained on; FVC B sets: all of them, which
# nothing was chosen or trained on.
set -euo pipefail
matcher=${1:?give a matcher} socofing=${2:?} impressions=${3:?} fvc=${4:?} folder=${5:?give a folder for the files}
mkdir -p "$folder"
name=$(basename "$matcher")
measure() { ridgecode evaluate --run "$matcher" --threads 1 --split "$2" --data "$3" --protocols "$4" --out "$folder/$name-$1.json"; }
measure socofing val "$socofing" aligned,moved
measure impressions test "$impressions" impressions-all
measure fvc all "$fvc" impressions-all
